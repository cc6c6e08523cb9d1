"""SQL of duckdb over the raw lines of a queue_log, for tests that count them without any code of ours. Pure."""

from __future__ import annotations

LINES = """
with lines as (select * from read_csv($files, delim='|', header=false, quote='', escape='', null_padding=true,
    auto_detect=false, strict_mode=false, columns={'at':'BIGINT','call':'VARCHAR','queue':'VARCHAR','agent':'VARCHAR',
    'event':'VARCHAR','d1':'VARCHAR','d2':'VARCHAR','d3':'VARCHAR','d4':'VARCHAR','d5':'VARCHAR','d6':'VARCHAR'})),
numbered as (select *, row_number() over () line,
    case when event in ('COMPLETECALLER', 'COMPLETEAGENT') then [d1, d2, d3]
         when event = 'BLINDTRANSFER' then [d3, d4, d5]
         when event = 'ATTENDEDTRANSFER' then if(d6 is null, [d3, d4, d5], [d4, d5, d6]) end complete
  from lines),
log as (select *, complete is not null and complete is not distinct from lag(complete) over (
    partition by queue, agent, complete is not null or event = 'CONNECT' order by line) again from numbered)
"""
"""The lines of ``$files`` as ``log``. ``complete``: wait, talk and position of a conversation that is over, as text;
``again``: the agent's line before tells of the same end, which Asterisk may write twice (``ast16-told-twice``)."""
