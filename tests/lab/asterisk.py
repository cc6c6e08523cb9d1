"""One running Asterisk of the lab: configuration into a jail of its own, start, command line, stop. Shell.

Every start has its own jail and its own free ports, so several test runs can share one Debian folder.
"""

from __future__ import annotations

import fcntl
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO

from .debian import LabError, folder, lab_folder, last_lines

ETC = Path(__file__).parent / "etc"
DIALPLANS = Path(__file__).parents[2] / "dialplans"
SUITES = {16: "bullseye", 22: "forky"}  # Debian's suites with an Asterisk in them, by its major version
AGENTS = range(1001, 1061)
NO_PHONE = (1046, 1047)  # the dead and the unregistered one, in etc/pjsip.conf
LISTENS = "127.0.0.1"
FIRST_PORT, PORT_BLOCKS = 17000, 100  # below the ports that a kernel gives to clients, and below RTP's
START_S, STOP_S, QUIET_S = 30.0, 15.0, 60.0


@dataclass(frozen=True, slots=True)
class Account:
    username: str
    secret: str


RECORDER = Account("recorder", "r3corder")  # read = all, write = all
LEAST = Account("callcenter", "CHANGE-ME")  # dialplans/manager_callcenter.conf as it is delivered
LACKING = Account("lacking", "l4cking")  # neither agent nor reporting
FOREIGN = Account("foreign", "f0reign")  # refused by its ACL


@dataclass(slots=True, eq=False)
class Asterisk:
    """A running Asterisk. ``uas_port`` is where its agents' phones listen, ``trunk_port`` the outside world."""

    suite: str
    root: Path
    jail: str
    ami_port: int
    sip_port: int
    uas_port: int
    trunk_port: int
    process: subprocess.Popen[bytes] = field(repr=False)
    ports_lock: IO[str] = field(repr=False)

    @property
    def logs(self) -> Path:
        return Path(f"{self.root}{self.jail}/log")

    @property
    def etc(self) -> Path:
        return Path(f"{self.root}{self.jail}/etc")

    @property
    def queue_log(self) -> Path:
        return self.logs / "queue_log"

    @property
    def version(self) -> str:
        """For example ``22.10.1``."""
        return self.cli("core show version").split()[1].partition("~")[0].partition("+")[0]

    def cli(self, command: str) -> str:
        """What Asterisk's own command line answers."""
        call = ["chroot", str(self.root), "/usr/sbin/asterisk", "-C", f"{self.jail}/etc/asterisk.conf", "-rx", command]
        return subprocess.run(call, capture_output=True, text=True, errors="replace", timeout=30, check=False).stdout

    def hang_up_all(self) -> None:
        """Ends what other tests left behind, and waits until nothing is up. Raises :class:`LabError`."""
        deadline = time.monotonic() + QUIET_S
        while not self.cli("core show channels count").startswith("0 active channel"):
            if time.monotonic() > deadline:
                raise LabError(f"still up after {QUIET_S:g} s: {self.cli('core show channels concise')}")
            self.cli("channel request hangup all")
            time.sleep(1.0)
        time.sleep(1.0)  # its last events and lines are told

    def messages(self) -> str:
        """Everything that this Asterisk warned of."""
        path = self.logs / "messages"
        return path.read_text(errors="replace") if path.exists() else ""

    def kill(self) -> None:
        """kill -9: no goodbye to anyone."""
        self.process.kill()
        self.process.wait()

    def restart(self) -> None:
        """Starts it again after :meth:`kill`: same jail, same ports, and the queue_log goes on."""
        self.process = _spawn(self.root, self.jail)
        _await_boot(self)

    def stop(self) -> None:
        """Ends Asterisk and removes its jail. Read ``queue_log`` before."""
        self.process.terminate()
        try:
            self.process.wait(STOP_S)
        except subprocess.TimeoutExpired:
            self.kill()
        shutil.rmtree(f"{self.root}{self.jail}", ignore_errors=True)
        self.ports_lock.close()


def start(suite: str) -> Asterisk:
    """Starts the Asterisk of a Debian suite (see :data:`SUITES`) and waits until it is fully booted.

    Raises :class:`LabError` with Asterisk's last lines.
    """
    root = folder(suite)
    lock, (ami, sip, uas, trunk, dead) = reserve_ports()
    jail = f"/lab-{ami}"
    _furnish_jail(root, jail, {"AMI": ami, "SIP": sip, "TRUNK": trunk, "DEAD": dead}, uas)
    process = _spawn(root, jail)
    asterisk = Asterisk(suite, root, jail, ami, sip, uas, trunk, process, lock)
    try:
        _await_boot(asterisk)
    except LabError:
        asterisk.stop()
        raise
    return asterisk


@contextmanager
def running(suite: str) -> Iterator[Asterisk]:
    """:func:`start` and, whatever happens, ``stop``."""
    asterisk = start(suite)
    try:
        yield asterisk
    finally:
        asterisk.stop()


def reserve_ports() -> tuple[IO[str], list[int]]:
    """Five ports that no other lab takes while the returned lock is open.

    Asking the kernel for free ports is not enough: two runs that start at once may be told the same.
    """
    for block in range(PORT_BLOCKS):
        lock = (lab_folder() / f"ports-{block}.lock").open("w")
        ports = list(range(FIRST_PORT + 10 * block, FIRST_PORT + 10 * block + 5))
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            if all(_is_free(port) for port in ports):
                return lock, ports
        except BlockingIOError:
            pass
        lock.close()
    raise LabError(f"no free ports from {FIRST_PORT} on")


def _is_free(port: int) -> bool:
    with socket.socket() as tcp, socket.socket(type=socket.SOCK_DGRAM) as udp:
        tcp.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            tcp.bind((LISTENS, port))
            udp.bind((LISTENS, port))
        except OSError:
            return False
    return True


def _furnish_jail(root: Path, jail: str, ports: dict[str, int], uas: int) -> None:
    place = Path(f"{root}{jail}")
    shutil.rmtree(place, ignore_errors=True)
    for name in ("spool", "log", "run", "db", "keys"):
        (place / name).mkdir(parents=True)
    modules = next(root.glob("usr/lib/**/app_queue.so")).parent
    words = {f"@{name}@": str(port) for name, port in ports.items()}
    words |= {"@JAIL@": jail, "@MODS@": f"/{modules.relative_to(root)}"} | _members()
    (place / "etc/callcenter").mkdir(parents=True)
    for source in ETC.glob("*.conf"):
        text = source.read_text()
        for word, value in words.items():
            text = text.replace(word, value)
        (place / "etc" / source.name).write_text(text)
    phones = (_phone(number, uas) for number in AGENTS if number not in NO_PHONE)
    (place / "etc/phones.conf").write_text("\n".join(phones))
    for source in DIALPLANS.glob("*.conf"):
        shutil.copy(source, place / "etc/callcenter")


def _phone(number: int, uas: int) -> str:
    return (
        f"[{number}](agent)\naors={number}\ncallerid=Agent {number} <{number}>\n"
        f"[{number}]\ntype=aor\ncontact=sip:{number}@{LISTENS}:{uas}\n"
    )


def _members() -> dict[str, str]:
    """The big queues' members; Eve is reached by a Local channel, Carol, Dave and others sit in two queues."""
    sales, support, vip = range(1001, 1021), [1003, 1004, 1005, *range(1015, 1031)], range(1030, 1034)
    rows = {"@SALES@": sales, "@SUPPORT@": support, "@VIP@": vip}
    return {word: "\n".join(_member(number) for number in numbers) for word, numbers in rows.items()}


def _member(number: int) -> str:
    names = {1001: "Alice Agent", 1002: "Bob Agent", 1003: "Carol Agent", 1004: "Dave Agent", 1005: "Eve Local"}
    interface = f"Local/{number}@agents/n" if number == 1005 else f"PJSIP/{number}"
    return f"member => {interface},0,{names.get(number, f'Agent {number}')},PJSIP/{number}"


def _spawn(root: Path, jail: str) -> subprocess.Popen[bytes]:
    command = ["chroot", str(root), "/usr/sbin/asterisk", "-f", "-C", f"{jail}/etc/asterisk.conf"]
    with Path(f"{root}{jail}/log/console").open("wb") as out:
        return subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=out, stderr=subprocess.STDOUT, start_new_session=True
        )


def _await_boot(asterisk: Asterisk) -> None:
    until = time.monotonic() + START_S
    while time.monotonic() < until:
        if asterisk.process.poll() is not None:
            break
        if "fully booted" in asterisk.cli("core waitfullybooted") and _answers(asterisk.ami_port):
            return
        time.sleep(0.1)
    raise LabError(f"Asterisk of {asterisk.suite} did not come up:\n{last_lines(asterisk.logs / 'console')}")


def _answers(port: int) -> bool:
    try:
        socket.create_connection((LISTENS, port), 1).close()
    except OSError:
        return False
    return True
