"""Asterisk's own queue_log: read, followed while it is written, folded into visits, and what is mended from it.

``lines`` and ``visits`` say what is in it, ``repair`` and ``audit`` what follows from it (all pure); ``files`` reads
it, ``follow`` and ``table`` read it on while it grows (shells).
"""

from callcenter.queue_log.files import read
from callcenter.queue_log.lines import Line, parse
from callcenter.queue_log.visits import ENDS, TALKS, Book, LoggedVisit, Ring, add, counts, fold

__all__ = ["ENDS", "TALKS", "Book", "Line", "LoggedVisit", "Ring", "add", "counts", "fold", "parse", "read"]
