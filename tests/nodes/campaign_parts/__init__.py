# SPDX-License-Identifier: LGPL-2.1-or-later
"""The campaign's parts.

    fault       what all faults have in common: they begin, are seen to have hit, and end
    network     between a host and the store, and the host's wall clock
    processes   cloudlockd, the guard and PID 1, at a moment of their own or between two system calls
    machine     the whole host, and what of its system goes missing
    operator    what people do to units, files and configurations
    targets     the kinds of target that a run has
    scenario    what a seed stands for: hosts, target, one fault or two
    trial       one run: the hosts brought up, the faults, until somebody runs again, and what the beats say
    table       the lines of finished runs, summed up by fault
"""
