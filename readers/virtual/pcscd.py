"""A real pcscd of our own, with vpcd's two virtual readers, apart from any the machine runs.

It lives in a mount, network and PID namespace (Linux; no root needed where user namespaces are allowed), so several can
run side by side although vpcd always listens on the same ports. Unix sockets cross network namespaces: clients stay
outside and find it through ``PCSCLITE_CSOCK_NAME``.
"""

from __future__ import annotations

import contextlib
import functools
import json
import os
import shutil
import subprocess
import sys
import tempfile
import threading
from collections.abc import Callable, Mapping
from pathlib import Path
from types import TracebackType
from typing import Any, Final, Self

from readers.errors import CardBusy, PcscUnavailable
from readers.virtual import fault_line, inside, presence
from readers.virtual.vpcd import CONTACT_PORT, CONTACTLESS_PORT

CONTACT_READER: Final = "Virtual PCD 00 00"
CONTACTLESS_READER: Final = "Virtual PCD 00 01"

_PORTS: Final[Mapping[str, int]] = {CONTACT_READER: CONTACT_PORT, CONTACTLESS_READER: CONTACTLESS_PORT}
_SOCKET_PATH_LIMIT: Final = 100  # sun_path has 108 bytes
_DRIVER: Final = Path("/usr/lib/pcsc/drivers/serial/libifdvpcd.so")
_DRIVER_CONFIGURATION: Final = Path("/etc/reader.conf.d/vpcd")
_SYSTEM_PATH: Final = os.pathsep.join((os.environ.get("PATH", os.defpath), "/usr/sbin", "/sbin"))
_SOURCE: Final = Path(__file__).resolve().parents[2]
_END_SECONDS: Final = 15.0
_CONFIGURATION: Final = """\
FRIENDLYNAME "Virtual PCD"
DEVICENAME   /dev/null:0x{port:X}
LIBPATH      {driver}
CHANNELID    0x{port:X}
"""


def unavailable_reason() -> str | None:
    """Why a private pcscd cannot run on this machine and what to do about it, in a sentence; None when it can."""
    if not sys.platform.startswith("linux"):
        return "A private pcscd needs Linux namespaces: use the in-process reader here."
    if _find("pcscd") is None:
        return "pcscd is not installed: install the packages pcscd and vsmartcard-vpcd."
    if _driver() is None:
        return "pcscd has no virtual reader driver: install the package vsmartcard-vpcd."
    if not presence.is_installed():
        return "libpcsclite is not installed: install the package libpcsclite1."
    if _unshare() is None:
        return "This user may not make namespaces: run as root, or allow unprivileged user namespaces."
    return None


class CardOnReader:
    """A card on a reader of a `PrivatePcscd`; as a context manager it is taken off at the end."""

    def __init__(self, stop: Callable[[], None]) -> None:
        self._stop = stop

    def take_off(self) -> None:
        """Take it off; returns when PC/SC has noticed. Nothing happens when it is off already."""
        self._stop()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.take_off()


class PrivatePcscd:
    """Runs from ``with`` to its end, and leaves no process, mount or file, however this process ends."""

    def __init__(self) -> None:
        self._directory: Path | None = None
        self._process: subprocess.Popen[str] | None = None
        self._turn = threading.Lock()
        self._cards: dict[str, CardOnReader] = {}
        """By the name of the reader they are on."""

    @property
    def environment(self) -> Mapping[str, str]:
        """What a client process needs in its environment."""
        if self._directory is None:
            raise RuntimeError("not started")
        return {inside.CSOCK_NAME: str(inside.socket_path(self._directory))}

    def put_on(
        self,
        state_file: Path,
        *,
        contactless: bool = False,
        reader: str | None = None,
        journal: Path | None = None,
        faults: Path | None = None,
        spare: Path | None = None,
    ) -> CardOnReader:
        """Put the card whose state is in ``state_file`` on the contact or the contactless reader.

        ``reader`` names another one: a card without ``contactless`` can be on either, as where two contact readers are.
        Returns when PC/SC applications see it. With ``faults``, the path of a Unix socket, it misbehaves as told over
        that (`fault_line.FaultControl`); ``spare`` is the card it is swapped for then, and there is no journal.
        Raises CardBusy when there is a card on that reader already, PcscUnavailable when it does not come up, for
        example because it is on another reader.
        """
        reader = reader or (CONTACTLESS_READER if contactless else CONTACT_READER)
        card = CardOnReader(lambda: self._take_off(reader, card))
        if self._cards.setdefault(reader, card) is not card:
            raise CardBusy(f"there is a card on {reader} already")
        program = fault_line.__name__ if faults else "readers.virtual.cli"
        arguments = [
            sys.executable,
            "-m",
            program,
            *(() if faults else ("serve",)),
            "--state",
            str(state_file.absolute()),
            *("--port", str(_PORTS[reader])),
        ]
        if contactless:
            arguments.append("--contactless")
        for option, path in (("--journal", journal), ("--control", faults), ("--spare", spare)):
            if path is not None:
                arguments += [option, str(path.absolute())]
        try:
            self._ask({"do": "put on", "reader": reader, "arguments": arguments})
        except BaseException:
            del self._cards[reader]
            raise
        return card

    def restart(self) -> None:
        """End pcscd and start it again, as an administrator would. Cards stay on; returns when it sees them again."""
        self._ask({"do": "start daemon"})

    def stop(self, *, kill: bool = False) -> None:
        """End pcscd, or ``kill`` it: no time to say good-bye. `restart` brings it back."""
        self._ask({"do": "end daemon", "kill": kill})

    def start(self) -> None:
        """Start pcscd, and start it again where it runs. Does not wait for the cards that were on the readers."""
        self._ask({"do": "start daemon", "cards": False})

    def __enter__(self) -> Self:
        reason = unavailable_reason()
        if reason is not None:
            raise PcscUnavailable(reason)
        self._directory = _private_directory()
        try:
            _write_configuration(self._directory / "conf")
            self._process = _start_inside(self._directory)
            self._ask({"do": "start daemon"})
        except BaseException:
            self._end()
            raise
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._end()

    def _take_off(self, reader: str, card: CardOnReader) -> None:
        if self._process is not None and self._cards.get(reader) is card:
            self._ask({"do": "take off", "reader": reader})
            del self._cards[reader]

    def _ask(self, request: dict[str, Any]) -> None:
        process = self._process
        if process is None or process.stdin is None or process.stdout is None:
            raise RuntimeError("not started")
        with self._turn:
            try:
                process.stdin.write(json.dumps(request) + "\n")
                process.stdin.flush()
            except BrokenPipeError:
                raise PcscUnavailable("the private pcscd has ended") from None
            line = process.stdout.readline()
        answer: dict[str, Any] = json.loads(line) if line else {"ok": False, "why": "it has ended"}
        if not answer["ok"]:
            raise PcscUnavailable(f"the private pcscd could not {request['do']}: {answer['why']}")

    def _end(self) -> None:
        if self._process is not None:
            _end(self._process)
            self._process = None
        if self._directory is not None:
            shutil.rmtree(self._directory, ignore_errors=True)
            self._directory = None


def _find(program: str) -> str | None:
    return shutil.which(program, path=_SYSTEM_PATH)


def _driver() -> Path | None:
    """The vpcd driver: where Debian puts it, or where its own configuration says."""
    candidates = [_DRIVER]
    with contextlib.suppress(OSError):
        lines = _DRIVER_CONFIGURATION.read_text(encoding="utf-8").splitlines()
        candidates += [Path(line.split(maxsplit=1)[1].strip()) for line in lines if line.startswith("LIBPATH ")]
    return next((path for path in candidates if path.is_file()), None)


@functools.cache
def _unshare() -> tuple[str, ...] | None:
    """The command that makes the namespaces, tried out; None when it is not allowed."""
    program = _find("unshare")
    if program is None:
        return None
    command = (program, "--mount", "--net", "--pid", "--fork", "--kill-child=KILL")
    for attempt in (command, (*command, "--map-root-user")):
        if subprocess.run((*attempt, "true"), capture_output=True, check=False).returncode == 0:
            return attempt
    return None


def _private_directory() -> Path:
    """A directory for this user alone, with a path short enough for a socket in it."""
    directory = Path(tempfile.mkdtemp(prefix="pcscd-"))
    if len(str(inside.socket_path(directory))) <= _SOCKET_PATH_LIMIT:
        return directory
    directory.rmdir()
    return Path(tempfile.mkdtemp(prefix="pcscd-", dir="/tmp"))


def _write_configuration(directory: Path) -> None:
    directory.mkdir()
    text = _CONFIGURATION.format(port=CONTACT_PORT, driver=_driver())
    (directory / "vpcd").write_text(text, encoding="utf-8")


def _start_inside(directory: Path) -> subprocess.Popen[str]:
    # A session of its own, so that an interrupt from the keyboard reaches us alone and we end it in order.
    return subprocess.Popen(
        (
            *(_unshare() or ()),
            *(sys.executable, "-m", inside.__name__, str(directory), _find("pcscd") or ""),
            *(str(port) for port in (CONTACT_PORT, CONTACTLESS_PORT)),
        ),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        start_new_session=True,
        env={**os.environ, "PYTHONPATH": os.pathsep.join((str(_SOURCE), os.environ.get("PYTHONPATH", "")))},
    )


def _end(process: subprocess.Popen[str]) -> None:
    """Close its input, which it takes as the end; kill it when it does not go (its whole PID namespace goes too)."""
    with contextlib.suppress(BrokenPipeError):
        if process.stdin is not None:
            process.stdin.close()
    try:
        process.wait(_END_SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
    if process.stdout is not None:
        process.stdout.close()
