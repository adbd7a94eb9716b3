# SPDX-License-Identifier: LGPL-2.1-or-later
"""The parts of tests/nodes/machines.

    image     kernel, initramfs and disk of a machine
    agent     runs in it, and carries out commands
    wires     the way to QEMU, to the agent and to the beats
    machine   a host that QEMU emulates, and what can befall it
    base      one that has booted, saved for the trials
    trials    what befalls a machine, and what is measured
    table     the lines of trials, summed up by case
"""
