"""Forecast and staffing: the calls of the next days by interval and queue, and the agents that they ask for. Pure.

``series`` makes arrays of the history, a *model* (``seasonal``, ``naive``) makes a forecast of them (``making``), kept
as ``values.Forecast``; ``backtest`` says how far off it was; ``staffing`` asks Erlang C for agents and compares them
with those that ``staffed`` finds in the history.
"""
