"""Reports: figures of any range of time by period and by queue, agent or site, in every format."""
