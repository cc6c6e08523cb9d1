"""Seeds that showed a bug, each with what it was: they are run for ever after. Pure."""

KEPT: dict[int, str] = {
    2: "the clock set while calls were up, then a hole: the repair took moments of queue_log, which had not moved "
    "along, for those of the call, and a ring counted twice",
    6: "a caller whose call ended unseen calls again within the hole: two calls, not one",
    7: "the clock set after a hole: the store was told of the repaired hole by a beginning that it did not know",
    8: "the clock set between a hole and its repair: a call that was over lasted an hour by the repair; and the last "
    "hole waited for ever: the PBX restarted in it, and nobody called after its QUEUESTART",
    23: "the clock set, then calls of a hole long before were looked for where they had never been",
    30: "the clock set back: the self-check took the log's whole second for another one than ours and cried wolf",
    63: "the clock set ahead, the PBX restarted: the repair did not find calls that had moved along and stored them "
    "twice",
    48: "the PBX's clock is set back, then the daemon is killed: the new one reckoned the boot by its own clock, as "
    "FullyBooted has no Timestamp and came before the first Ping, and stored the calls that were up twice; "
    "its hole had no length, as it began before the last one's end; the self-check compared with a log "
    "of before the clock was set",
    114: "the same after a restart of the PBX and a stalled link",
    120: "the clock set back an hour, then the daemon restarted: calls of which nothing was seen again ended at the "
    "newest time of the store, which was of before: an hour too late",
    151: "the clock set back within a hole during a visit, then the daemon killed: read anew, the log's silence beside "
    "the step put the visit seven seconds off, and its conversation was there twice",
    157: "two callers of one number within a hole in which a third of that number was up: three calls, not one",
    165: "the clock set back, then the daemon killed before its time came again: the new one took what was logged "
    "before that for what happened in its hole",
    213: "as 151: a ring counted twice",
    606: "the clock set twice, a hole between: the repair of a visit that was over put its row in the figures back to "
    "the time before, and the self-check cried wolf",
    326: "the clock set back after a caller had been transferred, in a hole in which his call ended: by the repair it "
    "ended with his visit, which kept the old time: an hour too late",
    5180: "events on their way while the clock was set forward tell the time of before: a talk of 43 s was one of 0 s",
    8032: "the clock set back, then the daemon killed: visits that the earlier process had counted after the time from "
    "which the new one compared were no longer in the log's part beside them, and the self-check cried wolf",
}

OPEN: dict[int, str] = {
    5152: "the PBX restarted, the link cut twice, the clock set and the daemon stopped during one visit: a ring that "
    "the PBX counts once is counted twice",
    9130: "the clock set back an hour during a call that an agent then hands over: by Asterisk's own rule the younger "
    "call has the older Linkedid, so the customer's goes on in the agent's, and its ticket with it",
}
"""Not mended yet."""
