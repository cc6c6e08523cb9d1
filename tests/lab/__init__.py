"""The lab: a real Asterisk out of a Debian folder, scripted SIP phones, recorded streams, and the PBX's own truth.

Shell throughout, except :mod:`lab.truth` and :mod:`lab.plans`. Everything is on 127.0.0.1.
"""
