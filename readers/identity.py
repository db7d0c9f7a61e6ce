"""What tells readers apart: their serial and USB port, asked of PC/SC and of Linux.

The reader's driver gives the serial (PC/SC part 3 §3.1.2, Vendor IFD serial number) and, in the channel, bus and device
number (0x0020bbdd: 20 is USB). Linux knows at which port that device is, and its serial where the driver gives none.
"""

from __future__ import annotations

import threading
from pathlib import Path
from typing import Final

from readers import pcsc
from readers.errors import ReaderError
from readers.roles import Identity

_SERIAL_NUMBER: Final = 0x0001_0103
_CHANNEL_ID: Final = 0x0002_0110
_USB: Final = 0x0020
_DEVICES: Final = Path("/sys/bus/usb/devices")
_PATIENCE_SECONDS: Final = 2.0


class Census:
    """Who the readers are that are there. They come and go, so each is asked every time.

    A stuck reader answers when its card is gone: it is waited for a moment, and not asked again meanwhile.
    """

    def __init__(self, devices: Path = _DEVICES) -> None:
        self._devices = devices
        self._lock = threading.Lock()
        self._unanswered: dict[str, _Inquiry] = {}

    def present(self) -> list[Identity]:
        """All readers. Raises PcscUnavailable."""
        return [self.identify(reader.name) for reader in pcsc.list_readers()]

    def identify(self, name: str) -> Identity:
        """Serial and port of a reader, as far as they can be told."""
        with self._lock:
            inquiry = self._unanswered.pop(name, None)
            if inquiry is None or inquiry.answered(0):  # what it said so late may be about another reader
                inquiry = _Inquiry(name)
            if not inquiry.answered(_PATIENCE_SECONDS):
                self._unanswered[name] = inquiry
        device = _device(inquiry.answers.get(_CHANNEL_ID, b""), self._devices)
        serial = inquiry.answers.get(_SERIAL_NUMBER, b"").rstrip(b"\0").decode("ascii", errors="replace").strip()
        if not serial and device is not None:
            serial = _read(device / "serial")
        return Identity(name, serial or None, device.name if device else None)


class _Inquiry:
    """A reader being asked, in a thread that may hang."""

    def __init__(self, name: str) -> None:
        self.answers: dict[int, bytes] = {}
        self._name = name
        self._thread = threading.Thread(target=self._ask, name=f"identify {name}", daemon=True)
        self._thread.start()

    def answered(self, patience: float) -> bool:
        self._thread.join(patience)
        return not self._thread.is_alive()

    def _ask(self) -> None:
        for attribute in (_CHANNEL_ID, _SERIAL_NUMBER):
            try:
                self.answers[attribute] = pcsc.attribute(self._name, attribute)
            except ReaderError:
                continue  # most drivers know only some attributes


def _device(channel: bytes, devices: Path) -> Path | None:
    number = int.from_bytes(channel, "little")
    if number >> 16 != _USB:
        return None
    wanted = (str(number >> 8 & 0xFF), str(number & 0xFF))
    found = (path for path in sorted(devices.glob("[0-9]*-[0-9]*")) if ":" not in path.name)
    return next((path for path in found if (_read(path / "busnum"), _read(path / "devnum")) == wanted), None)


def _read(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8", errors="replace").strip()
    except OSError:
        return ""
