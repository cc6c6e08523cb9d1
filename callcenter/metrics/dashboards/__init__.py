"""Grafana's dashboards, a row a panel; ``deploy/grafana/dashboards`` is made of them. Pure but for ``__main__``."""
