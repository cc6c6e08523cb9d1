"""What was, as columns: the days that the daemon saw and those that were imported from queue_log, in Parquet files.

``columns`` is what a reader gets; reports and forecasts are computed from it and nothing else.
"""
