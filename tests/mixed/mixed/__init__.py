# SPDX-License-Identifier: LGPL-2.1-or-later
"""A fleet that mixes cloudlock with the original, in a time that is made up, against a real store.

    clock      the true time, what is due in it, and each host's own clocks
    front      where the hosts' requests arrive; signatures are verified, and the store is asked
    network    what becomes of a request on its way
    original   a host with the original, on boto3
    peer       the same on a booted host, in real time (tests/nodes/test_mixed.py)
    cloudlock  a host with cloudlock: lock-peer, and a guard and units to go with it
    judge      who may run beside whom, and whether anybody does
    fleet      hosts drawn from a seed, and what befalls them, round by round
    stores     dynalite and DynamoDB Local
"""
