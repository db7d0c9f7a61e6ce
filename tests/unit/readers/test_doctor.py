from __future__ import annotations

import errno
import json
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from typer.testing import CliRunner

from readers import pcsc
from readers.cli import app
from readers.doctor import Diagnosis, Finding, diagnose, exit_status
from readers.errors import PcscUnavailable
from readers.machine import Machine
from readers.pcsc.codes import PcscCode
from readers.virtual.card import VirtualCard
from tests.fixtures.fake_scard import FakeScard
from tests.fixtures.scripted import HostileConnection

CONTACT, CONTACTLESS = "Virtual PCD 00 00", "Virtual PCD 00 01"
SECURITY_VIOLATION = 0x8010006A


@dataclass
class Elsewhere:
    """Another machine; one on which all is well, unless told otherwise."""

    pyscard: bool = True
    library: bool = True
    pcscd: bool = True
    refused: int = 0
    plugged: tuple[str, ...] = ()
    taken: tuple[str, ...] = ()
    driver: bool = True
    clients: tuple[str, ...] = ()
    socket_path: str = "/run/pcscd/pcscd.comm"
    socket_is_chosen: bool = False

    def has_pyscard(self) -> bool:
        return self.pyscard

    def has_library(self) -> bool:
        return self.library

    def has_pcscd(self) -> bool:
        return self.pcscd

    def knock(self) -> int:
        return self.refused

    def usb_readers(self) -> tuple[str, ...]:
        return self.plugged

    def claimed_by_kernel(self) -> tuple[str, ...]:
        return self.taken

    def has_ccid_driver(self) -> bool:
        return self.driver

    def pcsc_clients(self) -> tuple[str, ...]:
        return self.clients


def found(machine: Elsewhere) -> Finding:
    (finding,) = diagnose(machine, pcsc.list_readers)
    return finding


def by_reader(machine: Elsewhere | None = None, patience: float = 8.0) -> dict[str | None, Diagnosis]:
    findings = diagnose(machine or Elsewhere(), pcsc.list_readers, patience)
    return {finding.reader: finding.diagnosis for finding in findings}


@pytest.mark.parametrize(
    ("machine", "diagnosis"),
    [
        (Elsewhere(library=False), "no-libpcsclite"),
        (Elsewhere(pyscard=False), "no-pyscard"),
        (Elsewhere(refused=errno.ENOENT), "pcscd-not-running"),
        (Elsewhere(refused=errno.ENOENT, pcscd=False), "no-pcscd"),
        (Elsewhere(refused=errno.ENOENT, socket_is_chosen=True), "wrong-socket"),
        (Elsewhere(refused=errno.ECONNREFUSED), "pcscd-gone"),
        (Elsewhere(refused=errno.EACCES), "no-permission"),
    ],
)
def test_what_is_wrong_before_pcsc_is_asked(scard: FakeScard, machine: Elsewhere, diagnosis: str) -> None:
    finding = found(machine)
    assert (finding.diagnosis, finding.exit_status, finding.reader) == (diagnosis, 3, None)
    assert finding.advice
    assert scard.calls == []


@pytest.mark.parametrize(
    ("code", "diagnosis"),
    [
        (SECURITY_VIOLATION, Diagnosis.POLKIT),
        (PcscCode.NO_SERVICE, Diagnosis.PCSCD_SILENT),
        (0x80100001, Diagnosis.PCSCD_SILENT),
    ],
)
def test_a_pcscd_that_will_not(scard: FakeScard, code: int, diagnosis: Diagnosis) -> None:
    scard.fail("SCardEstablishContext", code)
    assert found(Elsewhere()).diagnosis is diagnosis


def test_a_pcscd_that_hangs() -> None:
    go_on = threading.Event()

    def hang() -> Sequence[pcsc.PcscReader]:
        go_on.wait()
        return []

    (finding,) = diagnose(Elsewhere(), hang, patience=0.05)
    go_on.set()
    assert finding.diagnosis is Diagnosis.PCSCD_SILENT


@pytest.mark.parametrize(
    ("machine", "diagnosis"),
    [
        (Elsewhere(), Diagnosis.NO_READER),
        (Elsewhere(plugged=("ACS ACR39U",), driver=False), Diagnosis.NO_DRIVER),
        (Elsewhere(plugged=("ACS ACR39U",)), Diagnosis.NOT_SERVED),
        (Elsewhere(taken=("pn533_usb",)), Diagnosis.TAKEN_BY_KERNEL),
    ],
)
def test_no_reader(scard: FakeScard, machine: Elsewhere, diagnosis: Diagnosis) -> None:
    scard.slots.clear()
    finding = found(machine)
    assert (finding.diagnosis, finding.exit_status) == (diagnosis, 3)
    assert finding.detail == ", ".join((*machine.plugged, *machine.taken))


@contextmanager
def on_reader(scard: FakeScard, name: str, state: Path) -> Iterator[VirtualCard]:
    with VirtualCard(state, contactless=name == CONTACTLESS) as card:
        scard.put_on(name, card)
        yield card
        scard.take_off(name)


def test_empty_readers(scard: FakeScard) -> None:
    assert by_reader() == {CONTACT: Diagnosis.NO_CARD, CONTACTLESS: Diagnosis.NO_CARD}
    assert exit_status(diagnose(Elsewhere(), pcsc.list_readers)) == 4


@pytest.mark.parametrize("code", [PcscCode.UNPOWERED_CARD, PcscCode.UNRESPONSIVE_CARD, PcscCode.UNSUPPORTED_CARD])
def test_a_card_without_a_sign_of_life(scard: FakeScard, code: int) -> None:
    scard.fail("SCardConnect", code, code)
    # Nobody holds a card the wrong way round to a contactless reader.
    assert by_reader() == {CONTACT: Diagnosis.WRONG_WAY_ROUND, CONTACTLESS: Diagnosis.CARD_MUTE}


@pytest.mark.parametrize(
    ("function", "codes", "diagnosis"),
    [
        ("SCardTransmit", (PcscCode.NOT_TRANSACTED,), Diagnosis.CARD_MUTE),
        ("SCardTransmit", (PcscCode.REMOVED_CARD,), Diagnosis.NO_CARD),
        ("SCardTransmit", (PcscCode.SERVICE_STOPPED,), Diagnosis.PCSCD_SILENT),
        ("SCardTransmit", (0x80100014,), Diagnosis.READER_FAILED),
        ("SCardConnect", (PcscCode.SHARING_VIOLATION,) * 3, Diagnosis.CARD_BUSY),
        ("SCardConnect", (PcscCode.UNKNOWN_READER,), Diagnosis.READER_GONE),
        ("SCardConnect", (SECURITY_VIOLATION,), Diagnosis.POLKIT),
    ],
)
def test_what_goes_wrong_at_a_card(
    scard: FakeScard, tmp_path: Path, function: str, codes: tuple[int, ...], diagnosis: Diagnosis
) -> None:
    del scard.slots[CONTACTLESS]
    with on_reader(scard, CONTACT, tmp_path / "card.json"):
        scard.fail(function, *codes)
        assert by_reader() == {CONTACT: diagnosis}


def test_whoever_may_hold_the_card_is_named(scard: FakeScard) -> None:
    del scard.slots[CONTACTLESS]
    scard.fail("SCardConnect", *[PcscCode.SHARING_VIOLATION] * 3)
    assert found(Elsewhere(clients=("scdaemon (4711)",))).detail == "scdaemon (4711)"


@dataclass
class OtherReader:
    """A reader with a card that speaks from a script, or never."""

    answers: list[bytes]
    hangs: threading.Event | None = None
    name: str = "Reader"
    contactless: bool = False
    closed: list[bool] = field(default_factory=list)

    @contextmanager
    def connect(self) -> Iterator[HostileConnection]:
        if self.hangs:
            self.hangs.wait()
        yield HostileConnection(self.answers)

    def wait_for_card(self, timeout: float | None = None) -> bool:
        raise AssertionError("the doctor does not wait")

    wait_for_removal = wait_for_card

    def cancel(self) -> None: ...


@pytest.mark.parametrize(
    ("answers", "diagnosis"),
    [
        ([b"\x6a\x82"] * 3, Diagnosis.NOT_PIV),
        ([bytes.fromhex("61114F0600001000010079074F05A000000308 9000"), b"?"], Diagnosis.CARD_UNREADABLE),
    ],
)
def test_strange_cards(answers: list[bytes], diagnosis: Diagnosis) -> None:
    (finding,) = diagnose(Elsewhere(), lambda: [OtherReader(answers)])
    assert (finding.diagnosis, finding.exit_status) == (diagnosis, 5)


def test_a_card_that_hangs_does_not_hang_the_doctor() -> None:
    go_on = threading.Event()
    readers = [OtherReader([], hangs=go_on, name="stuck", contactless=True), OtherReader([b"\x6a\x82"] * 3)]
    first, second = diagnose(Elsewhere(), lambda: readers, patience=0.05)
    go_on.set()
    assert (first.diagnosis, second.diagnosis) == (Diagnosis.CARD_MUTE, Diagnosis.NOT_PIV)


def test_cards(scard: FakeScard, tmp_path: Path) -> None:
    with on_reader(scard, CONTACT, tmp_path / "blank.json"):
        assert by_reader() == {CONTACT: Diagnosis.UNFINISHED, CONTACTLESS: Diagnosis.NO_CARD}


def test_one_card_that_is_seen_is_enough() -> None:
    seen, empty = Finding(Diagnosis.CARD_SEEN, reader="A"), Finding(Diagnosis.NO_CARD, reader="B")
    assert exit_status((empty, seen)) == 0
    assert exit_status((empty, Finding(Diagnosis.CARD_MUTE, reader="A"))) == 5


def test_every_diagnosis_says_what_and_what_to_do() -> None:
    for diagnosis in Diagnosis:
        finding = Finding(diagnosis)
        assert finding.sentence.endswith(".")
        assert bool(finding.advice) == (diagnosis is not Diagnosis.CARD_SEEN) == bool(finding.exit_status)


# The command


def test_the_command(scard: FakeScard, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(Machine, "knock", lambda _: 0)
    with on_reader(scard, CONTACT, tmp_path / "blank.json"):
        as_table = CliRunner().invoke(app, ["doctor"], env={"COLUMNS": "150"})
        as_json = CliRunner().invoke(app, ["doctor", "--json"])
    assert (as_table.exit_code, as_json.exit_code) == (5, 5)
    assert "nobody has finished" in as_table.output
    assert [(found["reader"], found["diagnosis"]) for found in json.loads(as_json.output)] == [
        (CONTACT, "unfinished-card"),
        (CONTACTLESS, "no-card"),
    ]


def test_nothing_is_asked_of_pcsc_when_there_is_none(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PCSCLITE_CSOCK_NAME", str(tmp_path / "none"))
    monkeypatch.setattr(Machine, "has_pyscard", lambda _: True)
    monkeypatch.setattr(Machine, "has_library", lambda _: True)
    monkeypatch.setattr(pcsc, "list_readers", lambda: pytest.fail(str(PcscUnavailable())))
    done = CliRunner().invoke(app, ["doctor", "--json"])
    assert done.exit_code == 3
    assert json.loads(done.output)[0]["diagnosis"] == "wrong-socket"
