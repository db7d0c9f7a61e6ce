"""The first process of a private pcscd's namespaces; `pcscd.PrivatePcscd` starts it and speaks to it.

It hides the machine's own PC/SC (sockets and USB readers), brings the loopback interface up, runs pcscd, and puts cards
on its readers when told to, one JSON line each way. When its standard input ends, because the process that started it
ended in whatever manner, it removes its directory and leaves; being the first of its PID namespace it takes everything
with it.
"""

from __future__ import annotations

import ctypes
import fcntl
import json
import os
import shutil
import socket
import struct
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import Any, Final

from readers.virtual.presence import card_present

CSOCK_NAME: Final = "PCSCLITE_CSOCK_NAME"
"""Where libpcsclite looks for the socket of pcscd to talk to."""
READY_SECONDS: Final = 20.0
_POLL_SECONDS: Final = 0.02
_PATIENCE_SECONDS: Final = 5.0
_MS_BIND: Final = 0x1000
_SIOCSIFFLAGS: Final = 0x8914
_IFF_UP: Final = 0x1
_LISTENING: Final = "0A"
_RUN: Final = Path("/run")
_USB: Final = Path("/dev/bus/usb")


def socket_path(directory: Path) -> Path:
    """Where clients outside find the private pcscd."""
    return directory / "run" / "pcscd" / "pcscd.comm"


class Failed(Exception):
    """Raised when what was asked for did not come about; the text goes back to the caller."""


class _Inside:
    """The processes in the namespaces."""

    def __init__(self, directory: Path, pcscd: str, ports: Sequence[int]) -> None:
        self._directory = directory
        self._pcscd = pcscd
        self._ports = frozenset(ports)
        self._daemon: subprocess.Popen[bytes] | None = None
        self._cards: dict[str, subprocess.Popen[bytes]] = {}
        """The program that serves the card on each reader."""

    def start_daemon(self, request: dict[str, Any]) -> None:
        """Start pcscd, or start it again, and wait until both readers are there, with the cards that were on them."""
        if self._daemon is not None:
            _end(self._daemon)
        socket_path(self._directory).unlink(missing_ok=True)
        log = self._directory / "pcscd.log"
        daemon = self._daemon = _spawn((self._pcscd, "--foreground", "-c", str(self._directory / "conf")), log)
        self._until(lambda: self._answers() and self._ports <= _listening_ports(), daemon, log)
        for reader in self._cards if request.get("cards", True) else ():
            self._until(partial(card_present, reader), daemon, log)

    def end_daemon(self, request: dict[str, Any]) -> None:
        """End pcscd, in order or at once."""
        if self._daemon is not None:
            if request["kill"]:
                self._daemon.kill()
            _end(self._daemon)
            self._daemon = None

    def put_on(self, request: dict[str, Any]) -> None:
        """Run the program that serves a card, and wait until pcscd sees the card."""
        reader = str(request["reader"])
        log = self._directory / "card.log"
        program = _spawn(request["arguments"], log)
        try:
            self._until(partial(card_present, reader), program, log)
        except Failed:
            _end(program)
            raise
        self._cards[reader] = program

    def take_off(self, request: dict[str, Any]) -> None:
        """End the program that serves the card on a reader, and wait until pcscd sees that the card is gone.

        A card put on before that would be taken for the one of before, and not be powered up.
        """
        reader = str(request["reader"])
        _end(self._cards.pop(reader))
        if self._daemon is not None:
            self._until(lambda: not card_present(reader), self._daemon, self._directory / "pcscd.log")

    def end_all(self) -> None:
        """End all programs."""
        for program in (*self._cards.values(), *([self._daemon] if self._daemon else [])):
            _end(program)

    def _answers(self) -> bool:
        with socket.socket(socket.AF_UNIX) as client:
            return client.connect_ex(str(socket_path(self._directory))) == 0

    def _until(self, done: Callable[[], bool], program: subprocess.Popen[bytes], log: Path) -> None:
        deadline = time.monotonic() + READY_SECONDS
        while not done():
            if program.poll() is not None:
                raise Failed(f"{_tail(log)} (ended with status {program.returncode})")
            if time.monotonic() > deadline:
                raise Failed(f"{_tail(log)} (not ready after {READY_SECONDS:.0f} s)")
            time.sleep(_POLL_SECONDS)


def _spawn(arguments: Sequence[str], log: Path) -> subprocess.Popen[bytes]:
    with log.open("wb") as output:
        return subprocess.Popen(arguments, stdin=subprocess.DEVNULL, stdout=output, stderr=output)


def _end(program: subprocess.Popen[bytes]) -> int:
    program.terminate()
    try:
        return program.wait(_PATIENCE_SECONDS)
    except subprocess.TimeoutExpired:
        program.kill()
        return program.wait()


def _tail(log: Path) -> str:
    return " | ".join(log.read_text(errors="replace").splitlines()[-3:]) or "no output"


def _listening_ports() -> frozenset[int]:
    """Ports something listens on here; looking does not connect, which the driver would take for a card."""
    rows = [line.split() for line in Path("/proc/net/tcp").read_text(encoding="ascii").splitlines()[1:]]
    return frozenset(int(row[1].rpartition(":")[2], 16) for row in rows if row[3] == _LISTENING)


def _bind(source: Path, target: Path) -> None:
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.mount(os.fsencode(source), os.fsencode(target), None, _MS_BIND, None):
        raise OSError(ctypes.get_errno(), f"cannot mount over {target}")


def _bring_loopback_up() -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as any_socket:
        fcntl.ioctl(any_socket, _SIOCSIFFLAGS, struct.pack("16sh", b"lo", _IFF_UP))


def _prepare(directory: Path) -> None:
    sockets = socket_path(directory).parent
    sockets.mkdir(parents=True)
    if (_RUN / "pcscd").is_dir():
        _bind(sockets, _RUN / "pcscd")
    else:  # without root there is no making it: all of /run is covered instead
        _bind(sockets.parent, _RUN)
    if _USB.is_dir():
        nothing = directory / "nothing"
        nothing.mkdir()
        _bind(nothing, _USB)
    _bring_loopback_up()


def _answer(inside: _Inside, request: dict[str, Any]) -> dict[str, Any]:
    steps = {
        "start daemon": inside.start_daemon,
        "end daemon": inside.end_daemon,
        "put on": inside.put_on,
        "take off": inside.take_off,
    }
    try:
        steps[request["do"]](request)
    except (Failed, OSError) as error:
        return {"ok": False, "why": str(error)}
    return {"ok": True}


def main() -> None:
    """Arguments: directory, path of pcscd, ports of the readers."""
    directory = Path(sys.argv[1])
    os.environ[CSOCK_NAME] = str(socket_path(directory))  # we ask it too
    inside = _Inside(directory, sys.argv[2], [int(port) for port in sys.argv[3:]])
    try:
        _prepare(directory)
        for line in sys.stdin:
            sys.stdout.write(json.dumps(_answer(inside, json.loads(line))) + "\n")
            sys.stdout.flush()
    finally:
        inside.end_all()
        shutil.rmtree(directory, ignore_errors=True)


if __name__ == "__main__":
    main()
