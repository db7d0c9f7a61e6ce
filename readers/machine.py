"""What this machine has for PC/SC, seen from outside: libraries, the daemon's socket, drivers, readers on USB.

Sources: pcsc-lite 1.9.9 (``PCSCLITE_CSOCK_NAME``, drivers in ``usbdropdir``); USB-IF, CCID 1.1 §3 (device class 0x0B).
"""

from __future__ import annotations

import errno
import importlib.util
import os
import shutil
import socket
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from readers.virtual import presence

SOCKET_VARIABLE: Final = "PCSCLITE_CSOCK_NAME"
DEFAULT_SOCKET: Final = "/run/pcscd/pcscd.comm"
_SECONDS: Final = 3.0
_CCID_CLASS: Final = "0b"
_SYSTEM_PATH: Final = os.pathsep.join((os.environ.get("PATH", os.defpath), "/usr/sbin", "/sbin"))


class Machine:
    """This one. Tests give other roots, and other machines."""

    def __init__(self, sys_root: Path = Path("/sys"), proc: Path = Path("/proc"), lib: Path = Path("/usr/lib")) -> None:
        self._sys = sys_root
        self._proc = proc
        self._lib = lib

    def has_pyscard(self) -> bool:
        """Whether Python can speak PC/SC."""
        return importlib.util.find_spec("smartcard") is not None

    def has_library(self) -> bool:
        """Whether there is a libpcsclite. Windows and macOS bring PC/SC with them."""
        return not sys.platform.startswith("linux") or presence.is_installed()

    def has_pcscd(self) -> bool:
        """Whether the daemon is installed."""
        return shutil.which("pcscd", path=_SYSTEM_PATH) is not None

    @property
    def socket_path(self) -> str:
        """Where libpcsclite looks for the daemon."""
        return os.environ.get(SOCKET_VARIABLE, DEFAULT_SOCKET)

    @property
    def socket_is_chosen(self) -> bool:
        """Whether the environment names that place."""
        return SOCKET_VARIABLE in os.environ

    def knock(self) -> int:
        """Connect to the daemon's socket: 0, or the errno of what is wrong. Always 0 where PC/SC has no socket."""
        if not sys.platform.startswith("linux"):
            return 0
        with socket.socket(socket.AF_UNIX) as client:
            client.settimeout(_SECONDS)
            try:
                client.connect(self.socket_path)
            except OSError as error:
                return error.errno or errno.ETIMEDOUT
        return 0

    def usb_readers(self) -> tuple[str, ...]:
        """Products on USB with a CCID interface, whether pcscd serves them or not."""
        interfaces = self._sys.glob("bus/usb/devices/*/bInterfaceClass")
        return tuple(sorted({_product(file.parent) for file in interfaces if _read(file) == _CCID_CLASS}))

    def claimed_by_kernel(self) -> tuple[str, ...]:
        """Kernel drivers that have taken a contactless reader for themselves."""
        drivers = self._sys / "bus" / "usb" / "drivers"
        return tuple(name for name in ("pn533_usb", "port100") if any((drivers / name).glob("*:*")))

    def has_ccid_driver(self) -> bool:
        """Whether the driver for USB readers is installed."""
        return any(self._lib.glob("pcsc/drivers/ifd-ccid.bundle")) or any(self._lib.glob("*/pcsc/ifd-ccid.bundle"))

    def pcsc_clients(self) -> tuple[str, ...]:
        """Other processes that have libpcsclite loaded, as far as we may look: name and number."""
        return tuple(sorted(self._clients()))

    def _clients(self) -> Iterator[str]:
        for maps in self._proc.glob("[0-9]*/maps"):
            number = maps.parent.name
            if number != str(os.getpid()) and "libpcsclite" in _read(maps):
                yield f"{_read(maps.with_name('comm')) or '?'} ({number})"


def _product(interface: Path) -> str:
    device = interface.parent / interface.name.partition(":")[0]
    device = device if device.exists() else interface.resolve().parent
    names = (_read(device / "manufacturer"), _read(device / "product"))
    return " ".join(name for name in names if name) or "an unnamed reader"


def _read(file: Path) -> str:
    try:
        return file.read_text(encoding="utf-8", errors="replace").strip()
    except OSError:  # not ours to see, or gone by now
        return ""
