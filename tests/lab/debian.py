"""A Debian suite with Asterisk in a folder, made once by debootstrap and kept. Shell; needs root.

The folders lie under ``$ASTERISK_LAB`` (default ``/var/tmp/asterisk-lab``); about a minute each to make, 400 MB.
"""

from __future__ import annotations

import fcntl
import os
import shutil
import socket
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

DEFAULT_LAB = "/var/tmp/asterisk-lab"
PACKAGES = "asterisk,asterisk-core-sounds-en-gsm"
SCRIPTS = Path("/usr/share/debootstrap/scripts")
NODES = {"null": "3", "urandom": "9"}  # character devices 1:x that Asterisk opens


class LabError(RuntimeError):
    """The lab cannot do what was asked; the text says why in one line or quotes the program that said so."""


def missing(suite: str) -> str:
    """Why no Asterisk of ``suite`` can be had here, or '' when one can."""
    if os.geteuid() != 0:
        return "the lab needs root (chroot, debootstrap)"
    if not shutil.which("debootstrap") and not _is_built(lab_folder() / suite):
        return "debootstrap is not installed"
    return ""


def lab_folder() -> Path:
    lab = Path(os.environ.get("ASTERISK_LAB", DEFAULT_LAB))
    lab.mkdir(parents=True, exist_ok=True)
    return lab


def folder(suite: str) -> Path:
    """The folder of ``suite`` with Asterisk in it, made on first use. Raises :class:`LabError`."""
    lab = lab_folder()
    root = lab / suite
    with _locked(lab / f"{suite}.lock"):  # two test runs at once must not both build, or both mount
        if not _is_built(root):
            _build(suite, root)
        _furnish(root)
    return root


def _is_built(root: Path) -> bool:
    return (root / "usr/sbin/asterisk").exists()


@contextmanager
def _locked(path: Path) -> Iterator[None]:
    with path.open("w") as handle:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield


def _build(suite: str, root: Path) -> None:
    if why := missing(suite):
        raise LabError(why)
    script = SCRIPTS / suite if (SCRIPTS / suite).exists() else SCRIPTS / "sid"
    part = root.with_suffix(".part")  # a build that was cut off must not look finished
    shutil.rmtree(part, ignore_errors=True)
    log = root.with_suffix(".log")
    command = ["debootstrap", "--variant=minbase", f"--include={PACKAGES}", suite, str(part), _mirror(), str(script)]
    with log.open("w") as out:
        if subprocess.run(command, stdout=out, stderr=subprocess.STDOUT, check=False).returncode != 0:
            raise LabError(f"debootstrap {suite} failed, see {log}: …{last_lines(log)}")
    _unmount(part)  # debootstrap may leave /proc mounted, and a folder with a mount cannot be renamed everywhere
    part.rename(root)


def _mirror() -> str:
    """The machine's own Debian mirror."""
    listed = subprocess.run(
        ["apt-get", "indextargets", "--format", "$(SITE)"], capture_output=True, text=True, check=False
    ).stdout.split()
    sites = [site.rstrip("/") for site in listed if site.rstrip("/").endswith("/debian")]
    if not sites:
        raise LabError("apt knows no Debian mirror (run apt-get update)")
    return sites[0]


def _furnish(root: Path) -> None:
    """What a chroot needs at run time. /proc stays mounted afterwards: another run may be using it."""
    if not os.path.ismount(root / "proc"):
        mounted = subprocess.run(["mount", "-t", "proc", "proc", str(root / "proc")], capture_output=True, check=False)
        if mounted.returncode != 0:
            raise LabError(f"cannot mount {root}/proc: {mounted.stderr.decode(errors='replace').strip()}")
    # Asterisk looks up the machine's own name for SDP; without it here each call waits 5 s for a name server
    (root / "etc/hosts").write_text(f"127.0.0.1 localhost {socket.gethostname()}\n")
    for name, minor in NODES.items():
        if not (root / "dev" / name).exists():
            subprocess.run(["mknod", "-m", "666", str(root / "dev" / name), "c", "1", minor], check=True)


def _unmount(root: Path) -> None:
    if os.path.ismount(root / "proc"):
        subprocess.run(["umount", str(root / "proc")], check=False)


def last_lines(path: Path, count: int = 15) -> str:
    if not path.exists():
        return ""
    return "\n".join(path.read_text(errors="replace").splitlines()[-count:])


if __name__ == "__main__":  # python -m lab.debian SUITE…: makes the folders beforehand
    with ThreadPoolExecutor() as builders:
        for made in builders.map(folder, sys.argv[1:]):
            print(made)
