"""Lists in pages: what comes after a place in the order of a list, and where to go on.

A place is the key of the last row that was given. So a page costs the same however far in the list it is, and what
comes or goes meanwhile makes nothing appear twice. Cursors hold no more than that key and grant nothing: whoever shows
one sees what they may see anyway.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Final, Generic, TypeVar
from uuid import UUID

from sqlalchemy import Select
from sqlalchemy.orm import InstrumentedAttribute, Session

from cardsvc.errors import ServiceError
from cardsvc.wire.base import decode_base64url, encode_base64url

Row = TypeVar("Row")


class CursorRefused(ServiceError):
    """Raised when a cursor is none of this list."""

    code = "cursor-refused"
    title = "The cursor is none of this list"

    def __init__(self) -> None:
        super().__init__("Begin again without a cursor, or give the one that came with the page before.")


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which part of a list somebody wants to see."""

    limit: int
    cursor: str | None = None


EVERYTHING: Final = Wanted(10**9)
"""For those who want a list whole."""


@dataclass(frozen=True, slots=True)
class Page(Generic[Row]):
    """A part of a list, and the cursor of the next one; None at the end."""

    rows: Sequence[Row]
    next: str | None


def page(
    session: Session, statement: Select[Row], key: InstrumentedAttribute[Any], wanted: Wanted, *, newest: bool = False
) -> Page[Row]:
    """Rows in the order of a unique key, or with ``newest`` the other way round. Raises CursorRefused."""
    if wanted.cursor is not None:
        place = _read(wanted.cursor, key.type.python_type)
        statement = statement.where(key < place if newest else key > place)
    ordered = statement.order_by(key.desc() if newest else key)
    rows = session.scalars(ordered.limit(wanted.limit + 1)).all()
    shown = rows[: wanted.limit]
    return Page(shown, _write(getattr(shown[-1], key.key)) if len(rows) > len(shown) else None)


def page_of(rows: Sequence[Row], place_of: Callable[[Row], str], wanted: Wanted) -> Page[Row]:
    """As `page`, of rows that no statement finds, in the falling order of their places. Raises CursorRefused."""
    place = None if wanted.cursor is None else _read(wanted.cursor, str)
    after = [row for row in rows if place is None or place_of(row) < place]
    shown = after[: wanted.limit]
    return Page(shown, _write(place_of(shown[-1])) if len(after) > len(shown) else None)


def _write(place: object) -> str:
    return encode_base64url(str(place).encode())


def _read(cursor: str, kind: type[Any]) -> Any:
    try:
        place = _KINDS[kind](decode_base64url(cursor).decode())
    except ValueError as error:
        raise CursorRefused from error
    if _write(place) != cursor:
        raise CursorRefused
    return place


def _number(text: str) -> int:
    number = int(text)
    if number.bit_length() > _WORD:
        raise ValueError("no database has such a number")
    return number


def _text(text: str) -> str:
    if not text or not text.isprintable():
        raise ValueError("no key is like that")
    return text


_WORD: Final = 63
_KINDS: Final[dict[type[Any], Callable[[str], Any]]] = {str: _text, int: _number, UUID: UUID}
"""How the keys of lists are read."""
