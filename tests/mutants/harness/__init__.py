# SPDX-License-Identifier: LGPL-2.1-or-later
"""What tries the mutants.

    mutant   a patch, and what it says of itself
    tree     a copy of the working tree, which it is applied to
    suites   unit tests, simulator, booted tests: killed by which assertion, or not
    trial    one mutant in one tree; the unmutated tree first; and the proofs that a run can fail
    report   lines and tables for people
"""
