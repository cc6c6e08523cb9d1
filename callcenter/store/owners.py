"""Whose a file is that root makes: the user of the daemon must be able to use it too. A shell."""

from __future__ import annotations

import os
import stat
from pathlib import Path

import msgspec

MODE = 0o640


class Owner(msgspec.Struct, frozen=True):
    """A user, a group (-1: whoever makes the file), and what they may do with it."""

    user: int = -1
    group: int = -1
    mode: int = MODE


def of(path: Path) -> Owner:
    """Of the file ``path``; where there is none, the one of its folder. Raises OSError.

    Only root makes files in the name of the folder's owner; what anybody else makes is his own.
    """
    if path.exists():
        there = path.stat()
        return Owner(there.st_uid, there.st_gid, stat.S_IMODE(there.st_mode))
    return of_folder(path.parent)


def of_folder(folder: Path) -> Owner:
    """Of what is made in ``folder``. Raises OSError."""
    there = folder.stat()
    return Owner(there.st_uid, there.st_gid) if os.geteuid() == 0 else Owner()


def give(descriptor: int, owner: Owner) -> None:
    """Raises OSError: only root gives what is his to another user."""
    os.fchown(descriptor, owner.user, owner.group)
    os.fchmod(descriptor, owner.mode)
