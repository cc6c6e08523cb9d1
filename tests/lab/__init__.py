"""The lab: a real Asterisk out of a Debian folder, scripted SIP phones, recorded streams, and the PBX's own truth.

Shell throughout, except :mod:`lab.truth` and :mod:`lab.plans`. Everything is on 127.0.0.1. In a test::

    async def test_…(asterisk22: Asterisk) -> None:          # or asterisk16, asterisk_of_any_version
        placed = await drive(asterisk22, "mix:300:3", seed=1)  # what the phones measured
        truth = read(asterisk22.queue_log).queues()            # what the PBX says

One Asterisk serves a whole session and its queue_log grows; ``with running(SUITES[22]) as asterisk`` gives a new one.
A capture: ``PYTHONPATH=tests python -m lab.record 22 everything 1 tests/captures ast22-everything``.
"""
