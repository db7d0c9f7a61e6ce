"""Any bytes from a card end in a value or a ReaderError, and cost no more memory than they should.

The targets are those of ``make fuzz``; what it found is under ``regressions/TARGET/`` and is replayed here.
"""

from __future__ import annotations

import gzip
import tracemalloc
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Final

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from readers import tlv
from readers.errors import MalformedTlv, ProtocolError, ReaderError
from readers.piv.objects import MAX_CERTIFICATE, CertificateObject
from readers.piv.session import PivSession
from tests.fixtures.scripted import SELECTED, HostileConnection
from tests.fuzz.targets import QUESTIONS, TARGETS, spoken, survives

REGRESSIONS: Final = Path(__file__).parent / "regressions"
VECTORS: Final = sorted(REGRESSIONS.glob("*/*.bin"))
LONGEST: Final = 65_536
ALLOWANCE: Final = 512 * 1024
"""Bytes that reading one answer may take besides a multiple of its own length."""
PER_BYTE: Final = 40
"""How many bytes of memory a byte of a card may cost: Python objects are large."""

every_target = pytest.mark.parametrize("name", TARGETS)
edits = st.lists(st.tuples(st.integers(0, 5000), st.integers(0, 3), st.binary(max_size=6)), max_size=8)


@every_target
@settings(max_examples=60)
@given(raw=st.binary(max_size=400))
def test_any_bytes(name: str, raw: bytes) -> None:
    survives(TARGETS[name], raw)


@every_target
@settings(max_examples=60)
@given(which=st.integers(0, 9), edits=edits)
def test_right_bytes_made_wrong(name: str, which: int, edits: Sequence[tuple[int, int, bytes]]) -> None:
    seeds = TARGETS[name].seeds()
    raw = seeds[which % len(seeds)]
    for position, removed, inserted in edits:
        at = position % (len(raw) + 1)
        raw = raw[:at] + inserted + raw[at + removed :]
    survives(TARGETS[name], raw)


TAGS: Final = (0x30, 0x34, 0x35, 0x3E, 0x53, 0x61, 0x70, 0x71, 0x7C, 0x7E, 0x7F49, 0x80, 0x81, 0x82, 0x86, 0x5F2F, 0xBB)
STATUSES: Final = (
    "9000",
    "6100",
    "61FF",
    "6C00",
    "6C10",
    "63C0",
    "63C3",
    "6300",
    "6982",
    "6A82",
    "6F00",
    "6700",
    "0000",
)
contents = st.recursive(
    st.binary(max_size=40),
    lambda inner: st.lists(st.builds(tlv.encode, st.sampled_from(TAGS), inner), max_size=4).map(b"".join),
    max_leaves=12,
)
answers = st.builds(lambda data, status: data + bytes.fromhex(status), contents, st.sampled_from(STATUSES))


@settings(max_examples=300)
@given(
    st.lists(answers | st.binary(max_size=4), max_size=12),
    st.lists(st.integers(0, len(QUESTIONS) - 1), min_size=1, max_size=6),
)
def test_any_answers_to_any_questions(hostile: Sequence[bytes], questions: Sequence[int]) -> None:
    said = (SELECTED, *(answer.hex() for answer in hostile))
    survives(TARGETS["conversation"], spoken(*said, questions=bytes(questions)))


@pytest.mark.parametrize("vector", VECTORS, ids=lambda path: f"{path.parent.name}/{path.stem}")
def test_what_was_found_before(vector: Path) -> None:
    survives(TARGETS[vector.parent.name], vector.read_bytes())


def test_every_regression_has_its_target() -> None:
    assert {vector.parent.name for vector in VECTORS} <= set(TARGETS)


@every_target
def test_the_seeds_are_what_the_parsers_take(name: str) -> None:
    target = TARGETS[name]
    refused = []
    for seed in target.seeds():
        try:
            target.consume(seed)
        except ReaderError as error:
            refused.append(error)
    # The seed of `tlv` is no 53, and no test certificate is an attestation: there the last step refuses.
    assert not refused or name in {"tlv", "certificate", "certificate_object", "cms", "signed_hashes"}, refused


def nested(tag: int, size: int) -> bytes:
    """As deep as it can be in ``size`` bytes."""
    raw = b""
    while len(raw) < size:
        raw = tlv.encode(tag, raw)
    return raw


BOMBS: Final[dict[str, Callable[[], bytes]]] = {
    "nothing": lambda: bytes(LONGEST),
    "ones": lambda: b"\xff" * LONGEST,
    "sequences": lambda: b"\x30\x00" * (LONGEST // 2),
    "deep sequences": lambda: nested(0x30, LONGEST - 5),
    "deep containers": lambda: nested(0x53, LONGEST - 5),
    "indefinite lengths": lambda: b"\x30\x80" * (LONGEST // 2),
    "a long integer": lambda: tlv.encode(0x30, tlv.encode(0x02, b"\x7f" * LONGEST)),
    "a long identifier": lambda: tlv.encode(0x30, tlv.encode(0x06, b"\xff" * (LONGEST - 1) + b"\x01")),
    "a gzip bomb": lambda: tlv.encode(0x70, gzip.compress(bytes(20_000_000))) + bytes.fromhex("710101"),
    "gzip in gzip": lambda: tlv.encode(0x70, gzip.compress(gzip.compress(bytes(20_000_000)))) + bytes.fromhex("710101"),
    "many answers": lambda: spoken("6190", *["006100"] * 20_000),
    "long answers": lambda: spoken(*["00" * 256 + "6100"] * 250),
}


def peak_of(work: Callable[[], object]) -> int:
    """The most bytes that were allocated at one time."""
    tracemalloc.start()
    try:
        work()
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize("bomb", BOMBS)
@every_target
def test_memory_is_bounded(name: str, bomb: str) -> None:
    target, raw = TARGETS[name], BOMBS[bomb]()
    survives(target, target.seeds()[0])  # what is made once for all
    assert peak_of(lambda: survives(target, raw)) < ALLOWANCE + PER_BYTE * len(raw)


def test_a_compressed_certificate_unpacks_to_so_much_and_no_more() -> None:
    bomb = tlv.encode(0x70, gzip.compress(bytes(50_000_000))) + bytes.fromhex("710101")
    with pytest.raises(ProtocolError):
        CertificateObject.from_bytes(bomb)
    assert peak_of(lambda: survives(TARGETS["certificate_object"], bomb)) < len(bomb) + 8 * MAX_CERTIFICATE


def test_elements_are_counted() -> None:
    assert len(list(tlv.iterate(b"\x30\x00" * tlv.MAX_ELEMENTS))) == tlv.MAX_ELEMENTS
    with pytest.raises(MalformedTlv):
        list(tlv.iterate(b"\x30\x00" * (tlv.MAX_ELEMENTS + 1)))


@pytest.mark.parametrize("part", ["00" * 256 + "6100", "006101"])
def test_an_answer_without_end_is_cut_off(part: str) -> None:
    def select() -> None:
        with pytest.raises(ProtocolError):
            PivSession.open(HostileConnection(bytes.fromhex(part) for _ in iter(int, 1)))

    assert peak_of(select) < ALLOWANCE
