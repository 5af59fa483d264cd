"""Ten bugs of the kind that loses children, planted on purpose: each must be found.

`python -m tests.faults.planted` prints what caught which and how long it took.
"""
