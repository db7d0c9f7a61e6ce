from __future__ import annotations

import threading
from pathlib import Path

import pytest

from readers import identity, pcsc
from readers.errors import ReaderFailed
from readers.identity import Census
from readers.roles import Identity

NAME = "Gemalto PC Twin Reader 00 00"
SERIAL, CHANNEL = (
    0x0001_0103,
    0x0002_0110,
)  # PC/SC part 3 §3.1.2; winscard: SCARD_ATTR_VENDOR_IFD_SERIAL_NO, …CHANNEL_ID


@pytest.fixture
def devices(tmp_path: Path) -> Path:
    """As Linux shows USB devices: hub 1-2 with our reader behind it as device 7 of bus 1."""
    for name, bus, number, serial in (("1-2", 1, 5, "HUB"), ("1-2.3", 1, 7, "51271624"), ("2-1", 2, 7, "OTHER")):
        folder = tmp_path / name
        folder.mkdir()
        (folder / "busnum").write_text(f"{bus}\n")
        (folder / "devnum").write_text(f"{number}\n")
        (folder / "serial").write_text(f"{serial}\n")
    (tmp_path / "1-2.3:1.0").mkdir()
    return tmp_path


@pytest.mark.parametrize(
    ("answers", "expected"),
    [
        ({CHANNEL: "07012000", SERIAL: "4b4a3100"}, Identity(NAME, "KJ1", "1-2.3")),
        ({CHANNEL: "07012000"}, Identity(NAME, "51271624", "1-2.3")),
        ({SERIAL: "4b4a31"}, Identity(NAME, "KJ1", None)),
        ({CHANNEL: "09012000"}, Identity(NAME, None, None)),
        ({CHANNEL: "01000100"}, Identity(NAME, None, None)),
        ({}, Identity(NAME, None, None)),
    ],
)
def test_identity(monkeypatch: pytest.MonkeyPatch, devices: Path, answers: dict[int, str], expected: Identity) -> None:
    def attribute(name: str, identifier: int) -> bytes:
        assert name == NAME
        if identifier not in answers:
            raise ReaderFailed(0x8010_0022, "read an attribute of the reader")
        return bytes.fromhex(answers[identifier])

    monkeypatch.setattr(pcsc, "attribute", attribute)
    assert Census(devices).identify(NAME) == expected


def test_a_stuck_reader_is_waited_for_a_moment_and_asked_once(monkeypatch: pytest.MonkeyPatch, devices: Path) -> None:
    asked, free = [], threading.Event()

    def attribute(name: str, identifier: int) -> bytes:
        asked.append(identifier)
        assert free.wait(30)
        return {CHANNEL: b"", SERIAL: b"KJ1"}[identifier]

    monkeypatch.setattr(pcsc, "attribute", attribute)
    monkeypatch.setattr(identity, "_PATIENCE_SECONDS", 0.0)
    census = Census(devices)
    assert [census.identify(NAME) for _ in range(5)] == [Identity(NAME)] * 5
    assert asked == [CHANNEL]
    monkeypatch.setattr(identity, "_PATIENCE_SECONDS", 30.0)
    free.set()
    assert census.identify(NAME) == Identity(NAME, "KJ1")
