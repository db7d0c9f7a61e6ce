"""The private pcscd itself."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from readers.errors import CardBusy, PcscUnavailable
from readers.virtual.pcscd import CONTACT_READER, CONTACTLESS_READER, PrivatePcscd, unavailable_reason
from tests.fixtures.waiting import wait_until

pytestmark = pytest.mark.needs("pcscd", "vpcd", "unshare", "opensc")

REPOSITORY = Path(__file__).parents[3]
OWNER = """
import sys, time
from pathlib import Path
from readers.virtual.pcscd import PrivatePcscd

with PrivatePcscd() as pcscd:
    pcscd.put_on(Path(sys.argv[1]))
    print(pcscd.environment["PCSCLITE_CSOCK_NAME"], flush=True)
    time.sleep(600)
"""


def test_nothing_is_missing_where_it_runs(private_pcscd: PrivatePcscd) -> None:
    assert unavailable_reason() is None
    assert Path(private_pcscd.environment["PCSCLITE_CSOCK_NAME"]).is_socket()


def readers_with_cards(pcscd: PrivatePcscd) -> dict[str, bool]:
    listing = subprocess.check_output(
        ("opensc-tool", "--list-readers"), env={**os.environ, **pcscd.environment}, text=True
    )
    rows = [line.split(maxsplit=2) for line in listing.splitlines() if "Virtual PCD" in line]
    return {name: present == "Yes" for _, present, name in rows}


def test_several_side_by_side_hold_different_cards(tmp_path: Path) -> None:
    with PrivatePcscd() as first, PrivatePcscd() as second:
        first.put_on(tmp_path / "a.json")
        second.put_on(tmp_path / "b.json", contactless=True)
        assert readers_with_cards(first) == {CONTACT_READER: True, CONTACTLESS_READER: False}
        assert readers_with_cards(second) == {CONTACT_READER: False, CONTACTLESS_READER: True}


def test_a_card_taken_off_is_gone(tmp_path: Path, private_pcscd: PrivatePcscd) -> None:
    card = private_pcscd.put_on(tmp_path / "card.json")
    assert readers_with_cards(private_pcscd)[CONTACT_READER]
    card.take_off()
    card.take_off()
    assert not readers_with_cards(private_pcscd)[CONTACT_READER]


def test_cards_come_back_when_pcscd_is_restarted(tmp_path: Path, private_pcscd: PrivatePcscd) -> None:
    with private_pcscd.put_on(tmp_path / "card.json"):
        private_pcscd.restart()
        assert readers_with_cards(private_pcscd)[CONTACT_READER]


def test_a_card_cannot_be_in_two_readers(tmp_path: Path, private_pcscd: PrivatePcscd) -> None:
    with (
        private_pcscd.put_on(tmp_path / "card.json"),
        pytest.raises(PcscUnavailable, match="in another reader"),
    ):
        private_pcscd.put_on(tmp_path / "card.json", contactless=True)


def test_a_reader_takes_one_card(tmp_path: Path, private_pcscd: PrivatePcscd) -> None:
    with private_pcscd.put_on(tmp_path / "a.json"), pytest.raises(CardBusy):
        private_pcscd.put_on(tmp_path / "b.json")
    with private_pcscd.put_on(tmp_path / "b.json"):
        assert readers_with_cards(private_pcscd)[CONTACT_READER]


def test_a_contact_card_goes_on_either_reader(private_pcscd: PrivatePcscd, tmp_path: Path) -> None:
    with (
        private_pcscd.put_on(tmp_path / "a.json"),
        private_pcscd.put_on(tmp_path / "b.json", reader=CONTACTLESS_READER),
    ):
        assert readers_with_cards(private_pcscd) == {CONTACT_READER: True, CONTACTLESS_READER: True}


def test_it_leaves_nothing_behind(tmp_path: Path) -> None:
    with PrivatePcscd() as pcscd:
        pcscd.put_on(tmp_path / "card.json")
        directory = room_of(pcscd.environment["PCSCLITE_CSOCK_NAME"])
    assert not directory.exists()
    assert not processes_naming(str(directory), str(tmp_path))


def test_it_leaves_nothing_behind_when_its_owner_is_killed(tmp_path: Path) -> None:
    owner = subprocess.Popen(
        (sys.executable, "-c", OWNER, str(tmp_path / "card.json")), stdout=subprocess.PIPE, text=True, cwd=REPOSITORY
    )
    assert owner.stdout is not None
    with owner.stdout as said:
        directory = room_of(said.readline().strip())
    assert processes_naming(str(directory))
    owner.send_signal(signal.SIGKILL)
    owner.wait()
    wait_until(lambda: not directory.exists() and not processes_naming(str(directory), str(tmp_path)))


def room_of(socket: str) -> Path:
    return Path(socket).parents[2]


def processes_naming(*texts: str) -> list[str]:
    """Command lines with one of these texts in them, all namespaces included."""
    found = []
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            line = path.read_bytes().replace(b"\0", b" ").decode(errors="replace")
        except (FileNotFoundError, ProcessLookupError):
            continue
        if any(text in line for text in texts):
            found.append(line)
    return found
