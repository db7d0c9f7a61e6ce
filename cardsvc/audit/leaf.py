"""What a record looks like as an entry of the log: the bytes that are hashed.

An entry is a JSON object in canonical form (RFC 8785), UTF-8, so always one line::

    {"actor":"kiosk-1","at":"2026-03-02T09:30:00.000000Z","citizen":"…","counter":7,"detail":{"level":"tap"},
     "event":"authentication","id":"…","outcome":"ok","v":1}

==========  ==============================================================================================
``v``       version of this format, 1
``id``      the record's id, a UUID
``at``      when, in UTC, RFC 3339 with six digits after the second
``event``   what was tried; ``outcome`` is ``ok`` or the code of the refusal; ``actor`` did it
``citizen`` whom it is about (UUID), with ``counter``, the number of this record among those about this citizen
``card``    the card (UUID); ``challenge``: the challenge that was answered (UUID)
``subject`` whose step a transition is (UUID), with ``state``, the state it led to
``note``    hex SHA-256 of a 16-byte salt and the note somebody wrote; the note itself is no part of the log
``detail``  codes and names for programs
==========  ==============================================================================================

What a record does not have is left out. Numbers are whole and of at most 53 bits and names of members are ASCII, which
leaves nothing of RFC 8785 that Python's ``json`` does otherwise: no way of writing fractions, no order of surrogates.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, Final
from uuid import UUID

VERSION: Final = 1
LARGEST_INTEGER: Final = 2**53 - 1
_TIME: Final = "%Y-%m-%dT%H:%M:%S.%fZ"
_ROLES: Final = {
    "card": "card_id",
    "challenge": "challenge_id",
    "citizen": "citizen_id",
    "id": "id",
    "subject": "subject_id",
}
"""Members that are ids, and their columns."""
_TEXTS: Final = {"actor": "actor", "event": "event", "outcome": "outcome", "state": "state"}
_NEEDED: Final = frozenset({"v", "id", "at", "actor", "event", "outcome", "detail"})
_MEMBERS: Final = _NEEDED | _ROLES.keys() | _TEXTS.keys() | {"counter", "note"}
_LONE_SURROGATE: Final = re.compile(r"[\ud800-\udfff]")

_encode: Final = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"), sort_keys=True, allow_nan=False).encode


class NotCanonical(ValueError):
    """Raised for what has no place in a record's detail, and for a leaf that we did not write."""


def leaf_of(row: Mapping[Any, Any]) -> bytes:
    """The entry of a record, from its columns by name. Raises NotCanonical when the row was tampered with."""
    entry: dict[str, Any] = {"v": VERSION, "at": _time(row["at"]), "detail": check_detail(row["detail"])}
    for member, column in _TEXTS.items():
        if row[column] is not None:
            entry[member] = row[column]
    for member, column in _ROLES.items():
        if row[column] is not None:
            entry[member] = str(row[column])
    if row["citizen_counter"] is not None:
        entry["counter"] = _whole(row["citizen_counter"])
    if row["note_digest"] is not None:
        entry["note"] = row["note_digest"].hex()
    try:
        return _encode(entry).encode()
    except UnicodeEncodeError:
        raise NotCanonical("text that is not Unicode") from None


def row_of(leaf: bytes) -> dict[str, Any]:
    """The columns of the record that an entry came from. Raises NotCanonical."""
    try:
        entry = json.loads(leaf)
        row = _columns(entry)
        canonical = leaf_of(row)
    except (ValueError, TypeError, KeyError, AttributeError):
        raise NotCanonical("not an entry of this log") from None
    if canonical != leaf:
        raise NotCanonical("an entry that is written in another way than ours")
    return row


def check_detail(detail: Any) -> dict[str, Any]:
    """The same detail. Raises NotCanonical unless every database gives back the same bytes for it."""
    if not isinstance(detail, dict):
        raise NotCanonical("a detail is an object")
    _check_members(detail)
    return detail


def _columns(entry: dict[str, Any]) -> dict[str, Any]:
    if not _NEEDED <= entry.keys() <= _MEMBERS or entry["v"] != VERSION:
        raise NotCanonical("other members than ours")
    note = entry.get("note")
    return {
        "at": datetime.strptime(entry["at"], _TIME).replace(tzinfo=UTC),
        "citizen_counter": entry.get("counter"),
        "note_digest": None if note is None else bytes.fromhex(note),
        "detail": entry["detail"],
        **{column: entry.get(member) for member, column in _TEXTS.items()},
        **{column: UUID(entry[member]) if member in entry else None for member, column in _ROLES.items()},
    }


def _time(at: datetime) -> str:
    return at.astimezone(UTC).replace(tzinfo=None).isoformat(timespec="microseconds") + "Z"


def _whole(number: Any) -> int:
    if not isinstance(number, int):
        raise NotCanonical("a number that is not whole")
    return number


def _check(value: Any) -> None:
    match value:
        case str():
            if _LONE_SURROGATE.search(value):
                raise NotCanonical("text that is not Unicode")
        case None | int():
            if value is not None and abs(value) > LARGEST_INTEGER:
                raise NotCanonical("a number that JSON cannot hold")
        case dict():
            _check_members(value)
        case list() | tuple():
            for item in value:
                _check(item)
        case _:
            raise NotCanonical(f"{type(value).__name__} has no place in a record")


def _check_members(members: dict[Any, Any]) -> None:
    for name, member in members.items():
        if not isinstance(name, str) or not name.isascii():
            raise NotCanonical("a name that is not ASCII")
        _check(member)
