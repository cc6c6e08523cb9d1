"""What Prometheus scrapes: one row a metric in ``table``, counted in ``counters``, read in ``collector``, written in
``exposition``."""
