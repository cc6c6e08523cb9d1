"""A file that is written whole or stays as it was. A shell."""

from __future__ import annotations

import errno
import os
import secrets
import stat
from contextlib import suppress
from pathlib import Path

NOT_THERE = (errno.EACCES, errno.EPERM, errno.EROFS, errno.EBUSY)
"""The folder takes no file of ours, or what is in it stays: another's in a sticky folder, or mounted by itself."""


def write_whole(path: Path, data: bytes) -> None:
    """Puts ``data`` into the file that ``path`` leads to, at once and for good; its mode stays. Raises OSError.

    What is no regular file (a device, a pipe), what is our own output, and a file beside which none can be made is
    written through, as there is no other way.
    """
    there = _there(path)
    if there is not None and (descriptor := _our_output(there)) is not None:
        with open(descriptor, "wb", closefd=False) as file:
            file.write(data)
        return
    if there is None or stat.S_ISREG(there.st_mode):
        try:
            _replace(Path(os.path.realpath(path)), data, there)
            return
        except OSError as e:
            if there is None or e.errno not in NOT_THERE:
                raise
    with open(path, "wb", opener=_only_what_is_there) as file:
        file.write(data)


def _there(path: Path) -> os.stat_result | None:
    try:
        return path.stat()
    except FileNotFoundError:
        return None


def _our_output(there: os.stat_result) -> int | None:
    """Standard output or error, where ``there`` is that (``/dev/stdout``, with ``>> file`` too): were it opened anew,
    what is in it already would be lost, or what we say later."""
    for descriptor in (1, 2):
        with suppress(OSError):
            if os.path.samestat(there, os.fstat(descriptor)):
                return descriptor
    return None


def _replace(path: Path, data: bytes, there: os.stat_result | None) -> None:
    if there is not None:
        os.close(os.open(path, os.O_WRONLY | os.O_CLOEXEC))  # what may not be written is not replaced either
    aside = path.with_name(f".callcenter.{secrets.token_hex(8)}")
    try:
        with aside.open("xb") as file:
            if there is not None:
                os.fchown(file.fileno(), there.st_uid, there.st_gid)  # it would clear some bits of the mode
                os.fchmod(file.fileno(), stat.S_IMODE(there.st_mode))
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        aside.replace(path)
    finally:
        with suppress(OSError):
            aside.unlink(missing_ok=True)


def _only_what_is_there(path: str, flags: int) -> int:
    return os.open(path, flags & ~os.O_CREAT)
