"""Tables that are kept are of the fold that made them."""

from __future__ import annotations

from hashlib import blake2b
from pathlib import Path

from callcenter.history import archive as archive_
from callcenter.history import importing
from callcenter.history.archive import Archive

from .test_damage import D
from .test_importing import LOGS, iranian, quiet

CUT_AND_TOLD_TWICE = [
    f"{D}|{D}.1|sales|NONE|ENTERQUEUE||0912|1", f"{D + 5}|{D}.1|sales|Eve|CONNECT",
    f"{D + 6}|{D}.2|sales|NONE|ENTERQUEUE||0913|1", f"{D + 7}|{D}.2|sales|Eve|CONNECT|1|x|1",
    f"{D + 60}|{D}.2|sales|Eve|ATTENDEDTRANSFER|APP|Dial|1|53|1", f"{D + 60}|{D}.3|sales|Eve|COMPLETECALLER|1|53|1",
    f"{D + 90}|{D}.1|sales|Eve|COMPLETEAGENT",
]  # fmt: skip


def test_what_the_same_lines_come_to_changes_with_its_version_only(archive: Archive, tmp_path: Path) -> None:
    """When it fails: raise ``FOLDED``, by which kept tables are made anew, and write down here what is made now."""
    log = tmp_path / "queue_log"
    log.write_text("".join(f"{line}\n" for line in CUT_AND_TOLD_TWICE))
    for path in (*LOGS, log):
        importing.import_file(archive, path, quiet)
    digest = blake2b(digest_size=8)
    for day in archive.imported_days():
        for kind, table in archive.imported(day, iranian).items():
            rows = sorted(repr(row) for row in table.to_pylist())
            digest.update(f"{kind} {day} {rows}".encode())
    assert (archive_.FOLDED, digest.hexdigest()) == ("3", "02e177912cd6f83a")
