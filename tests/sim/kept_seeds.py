"""Seeds that showed a bug, each with what it was: they are run for ever after. Pure."""

KEPT: dict[int, str] = {}

OPEN: dict[int, str] = {
    48: "the PBX's clock is set back, then the daemon is killed: the new one reckons the boot by its own clock, as "
    "FullyBooted has no Timestamp and comes before the first Ping, and stores the calls that are up twice",
}
"""Not mended yet."""
