"""The bytes of an entry: canonical as RFC 8785 has it, the same from every database, and back again."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta, timezone
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cardsvc.audit.leaf import LARGEST_INTEGER, NotCanonical, check_detail, leaf_of, row_of
from cardsvc.audit.service import note_digest
from tests.fixtures.audit import AuditLog

ID, CITIZEN, CARD, CHALLENGE, SUBJECT = (UUID(int=number) for number in range(1, 6))
WHOLE: dict[str, Any] = {
    "id": ID,
    "at": datetime(2026, 3, 2, 9, 30, tzinfo=UTC),
    "event": "authentication",
    "outcome": "ok",
    "actor": "kiosk-1",
    "citizen_id": CITIZEN,
    "citizen_counter": 7,
    "card_id": CARD,
    "challenge_id": CHALLENGE,
    "subject_id": SUBJECT,
    "state": "active",
    "note_digest": bytes(32),
    "detail": {"level": "tap"},
}
BARE = dict.fromkeys(WHOLE) | {name: WHOLE[name] for name in ("id", "at", "event", "outcome", "actor")}


def test_an_entry_is_written_as_documented() -> None:
    # By hand, from the table in the module and in docs/audit.md.
    assert leaf_of(WHOLE).decode() == (
        '{"actor":"kiosk-1","at":"2026-03-02T09:30:00.000000Z","card":"00000000-0000-0000-0000-000000000003",'
        '"challenge":"00000000-0000-0000-0000-000000000004","citizen":"00000000-0000-0000-0000-000000000002",'
        '"counter":7,"detail":{"level":"tap"},"event":"authentication","id":"00000000-0000-0000-0000-000000000001",'
        '"note":"' + "0" * 64 + '","outcome":"ok","state":"active","subject":"00000000-0000-0000-0000-000000000005",'
        '"v":1}'
    )
    assert leaf_of(BARE | {"detail": {}}).decode() == (
        '{"actor":"kiosk-1","at":"2026-03-02T09:30:00.000000Z","detail":{},"event":"authentication",'
        '"id":"00000000-0000-0000-0000-000000000001","outcome":"ok","v":1}'
    )


def test_times_are_in_utc_wherever_they_were_taken() -> None:
    macau = WHOLE["at"].astimezone(timezone(timedelta(hours=8)))
    assert leaf_of(WHOLE | {"at": macau}) == leaf_of(WHOLE)


def test_strings_are_written_as_in_rfc_8785() -> None:
    # RFC 8785 §3.2.2, the member "string" of the sample, and its canonical form.
    string = r'"\u20ac$\u000F\u000aA' + "'" + r'\u0042\u0022\u005c\\\"\/"'
    sample = json.loads(f'{{"string": {string}, "literals": [null, true, false]}}')
    canonical = '"literals":[null,true,false],"string":"€$\\u000f\\nA\'B\\"\\\\\\\\\\"/"'
    assert canonical in leaf_of(WHOLE | {"detail": sample}).decode()


def test_members_are_sorted_as_in_rfc_8785() -> None:
    # RFC 8785 §3.2.3: by the code units of their names; ours are ASCII.
    detail = {"1": 1, "\r": 2, "a": 3, "B": 4, "a1": 5}
    assert '{"\\r":2,"1":1,"B":4,"a":3,"a1":5}' in leaf_of(WHOLE | {"detail": detail}).decode()


NAMES = st.text(st.characters(max_codepoint=127), max_size=8)
VALUES: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | st.integers(-LARGEST_INTEGER, LARGEST_INTEGER) | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(NAMES, inner, max_size=3),
    max_leaves=6,
)


@given(
    st.fixed_dictionaries(
        {
            "id": st.uuids(),
            "at": st.datetimes(datetime(1970, 1, 2), datetime(9999, 1, 1), timezones=st.just(UTC)),  # noqa: DTZ001
            "event": st.text(max_size=8),
            "outcome": st.text(max_size=8),
            "actor": st.text(max_size=8),
            "citizen_id": st.none() | st.uuids(),
            "citizen_counter": st.none() | st.integers(0, 2**31),
            "card_id": st.none() | st.uuids(),
            "challenge_id": st.none() | st.uuids(),
            "subject_id": st.none() | st.uuids(),
            "state": st.none() | st.text(max_size=8),
            "note_digest": st.none() | st.binary(min_size=32, max_size=32),
            "detail": st.dictionaries(NAMES, VALUES, max_size=3),
        }
    )
)
def test_an_entry_gives_its_record_back_and_is_one_line(row: dict[str, Any]) -> None:
    leaf = leaf_of(row)
    assert row_of(leaf) == row
    assert b"\n" not in leaf
    assert leaf.startswith(b"{")


@pytest.mark.parametrize(
    "leaf",
    [
        b"",
        b"[]",
        b"not json",
        b"\xff",
        leaf_of(WHOLE) + b"\n",
        leaf_of(WHOLE).replace(b":", b": "),
        leaf_of(WHOLE).replace(b'"v":1', b'"v":2'),
        leaf_of(WHOLE).replace(b'"v":1', b'"v":1,"w":1'),
        leaf_of(WHOLE).replace(b'"outcome":"ok",', b""),
        leaf_of(WHOLE).replace(b"000000Z", b"Z"),
        leaf_of(WHOLE).replace(b'{"level":"tap"}', b"[]"),
        leaf_of(WHOLE).replace(b'"tap"', b"0.5"),
        leaf_of(WHOLE).replace(b'"counter":7', b'"counter":7.0'),
    ],
)
def test_what_is_written_in_another_way_is_no_entry(leaf: bytes) -> None:
    with pytest.raises(NotCanonical):
        row_of(leaf)


def test_a_detail_is_an_object() -> None:
    with pytest.raises(NotCanonical):
        check_detail(["a"])


def test_both_databases_give_the_bytes_that_were_written(log: AuditLog) -> None:
    (citizen,) = log.people()
    (record,) = log.grow(1, citizen)
    log.step(SUBJECT, "revoked", "丢了")
    log.sequencer.sequence()
    look, step = log.entries()
    assert look.decode() == (
        f'{{"actor":"ana","at":"2026-03-02T09:30:00.000000Z","citizen":"{citizen}","counter":1,'
        f'"detail":{{"number":0}},"event":"look","id":"{record}","outcome":"ok","v":1}}'
    )
    assert row_of(step)["state"] == "revoked"
    assert len(row_of(step)["note_digest"]) == 32
    assert "丢".encode() not in step


def test_the_digest_of_a_note_is_that_of_its_salt_and_text() -> None:
    # printf '0123456789abcdeflost' | sha256sum
    expected = "3174ce5e106a2729394f3e11f4b6d7b1609996c45ee1a9942c209267a2662a83"
    assert note_digest(b"0123456789abcdef", "lost").hex() == expected
