"""Channels and bridges, and their headers as every event repeats them. Pure.

An event has fifteen header lines a channel; the text is kept until the channel changes, which makes the simulator
about three times faster.
"""

from __future__ import annotations

from typing import Any

from callcenter.ami.simulator.wire import STATES, UNKNOWN


class Channel:
    """One channel. ``caller`` and ``peer`` are (number, escaped name) of this side and of the connected line."""

    __slots__ = (
        "_texts", "app", "born", "bridge", "caller", "context", "data", "exten", "hung_up", "linkedid", "name", "peer",
        "priority", "raw_name", "state", "uniqueid",
    )

    def __init__(
        self, name: str, uniqueid: str, linkedid: str, born: float, state: int, context: str, exten: str,
        caller: tuple[str, str] = (UNKNOWN, UNKNOWN),
    ) -> None:
        self.name, self.uniqueid, self.linkedid, self.born = name, uniqueid, linkedid, born
        self.state, self.context, self.exten, self.priority = state, context, exten, 1
        self.caller, self.peer = caller, (UNKNOWN, UNKNOWN)
        self.raw_name = ""
        self.app = self.data = ""
        self.bridge: Bridge | None = None
        self.hung_up = False
        self._texts: dict[str, str] = {}

    def change(self, **facts: Any) -> None:
        for key, value in facts.items():
            setattr(self, key, value)
        self._texts.clear()

    def text(self, prefix: str = "") -> str:
        """The channel's header lines, each key with ``prefix`` (Dest, Transferer, …) before it."""
        known = self._texts.get(prefix)
        if known is None:
            known = self._texts[prefix] = self._written(prefix)
        return known

    def _written(self, p: str) -> str:
        return (
            f"{p}Channel: {self.name}\r\n{p}ChannelState: {self.state}\r\n{p}ChannelStateDesc: {STATES[self.state]}\r\n"
            f"{p}CallerIDNum: {self.caller[0]}\r\n{p}CallerIDName: {self.caller[1]}\r\n"
            f"{p}ConnectedLineNum: {self.peer[0]}\r\n{p}ConnectedLineName: {self.peer[1]}\r\n"
            f"{p}Language: en\r\n{p}AccountCode: \r\n{p}Context: {self.context}\r\n{p}Exten: {self.exten}\r\n"
            f"{p}Priority: {self.priority}\r\n{p}Uniqueid: {self.uniqueid}\r\n{p}Linkedid: {self.linkedid}\r\n"
        )


class Bridge:
    __slots__ = ("channels", "uniqueid")

    def __init__(self, uniqueid: str) -> None:
        self.uniqueid = uniqueid
        self.channels: list[Channel] = []

    def text(self, prefix: str = "") -> str:
        p = prefix
        return (
            f"{p}BridgeUniqueid: {self.uniqueid}\r\n{p}BridgeType: basic\r\n{p}BridgeTechnology: simple_bridge\r\n"
            f"{p}BridgeCreator: <unknown>\r\n{p}BridgeName: <unknown>\r\n"
            f"{p}BridgeNumChannels: {len(self.channels)}\r\n{p}BridgeVideoSourceMode: none\r\n"
        )
