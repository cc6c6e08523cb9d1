"""The live figures of the last minutes and of the business day, kept from Changes. Pure: no clock, no I/O."""

from callcenter.figures.business_day import business_day
from callcenter.figures.window import Series, Targets, Window, window_starts

__all__ = ["Series", "Targets", "Window", "business_day", "window_starts"]
