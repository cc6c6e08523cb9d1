"""A PBX that is not there: an AMI server with the real protocol, a contact centre in simulated time behind it.

The centre (``world`` and what it is made of) is pure and deterministic for a seed; ``server`` is the only shell.
"""
