"""The outlets over HTTP on one port: the API, its live stream, the wallboard page, health and the metrics page.

:mod:`callcenter.web.app` assembles them around a :class:`callcenter.web.source.Source`; :mod:`callcenter.web.server`
runs them inside the daemon's event loop.
"""
