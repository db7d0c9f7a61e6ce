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


def identify(name: str, devices: Path = _DEVICES) -> Identity:
    """Serial and port of a reader, as far as they can be told; a stuck reader is not waited for."""
    answers: dict[int, bytes] = {}
    asking = threading.Thread(target=_ask, args=(name, answers), daemon=True)
    asking.start()
    asking.join(_PATIENCE_SECONDS)
    device = _device(answers.get(_CHANNEL_ID, b""), devices)
    serial = answers.get(_SERIAL_NUMBER, b"").rstrip(b"\0").decode("ascii", errors="replace").strip()
    if not serial and device is not None:
        serial = _read(device / "serial")
    return Identity(name, serial or None, device.name if device else None)


def present() -> list[Identity]:
    """All readers. Raises PcscUnavailable."""
    return [identify(reader.name) for reader in pcsc.list_readers()]


def _ask(name: str, answers: dict[int, bytes]) -> None:
    for attribute in (_CHANNEL_ID, _SERIAL_NUMBER):
        try:
            answers[attribute] = pcsc.attribute(name, attribute)
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
