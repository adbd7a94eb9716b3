# SPDX-License-Identifier: LGPL-2.1-or-later
"""The rig: booted hosts, a store, a network between them, and a judge.

    workspace   what one run owns: a directory, a cgroup, namespaces; and their removal
    cluster     a hub with a store and its front end, and the hosts around it
    host        one booted systemd, and what can be done to it
    frontend    the process that presents TLS, verifies signatures and makes faults
    judge       decides from the beats of the targets whether two hosts ever ran at once
"""
