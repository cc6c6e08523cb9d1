"""Seeds that showed a bug, each with what it was: they are run for ever after. Pure."""

KEPT: dict[int, str] = {
    48: "the PBX's clock is set back, then the daemon is killed: the new one reckoned the boot by its own clock, as "
    "FullyBooted has no Timestamp and came before the first Ping, and stored the calls that were up twice",
    114: "the same after a restart of the PBX and a stalled link",
    120: "the clock set back an hour, then the daemon restarted: calls of which nothing was seen again ended at the "
    "newest time of the store, which was of before: an hour too late",
}

OPEN: dict[int, str] = {}
"""Not mended yet."""
