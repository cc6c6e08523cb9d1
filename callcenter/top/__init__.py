"""The board of a running daemon in a terminal: asked by HTTP in ``live``, drawn in ``view``."""
