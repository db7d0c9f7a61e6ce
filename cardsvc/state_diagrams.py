"""The states of applications and cards as diagrams, drawn from the tables that the service obeys.

`docs/lifecycle.md` holds them between markers; `cardsvc states --write docs/lifecycle.md` draws them anew.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import Final, TypeVar

from cardsvc.transitions import APPLICATION_TRANSITIONS, CARD_TRANSITIONS
from cardsvc.wire.lifecycle import ApplicationState, CardState

S = TypeVar("S", bound=StrEnum)

_A: Final = ApplicationState
_C: Final = CardState

APPLICATION_CAUSES: Final[Mapping[tuple[ApplicationState, ApplicationState], str]] = {
    (_A.DRAFT, _A.SUBMITTED): "submit (holds the old card)",
    (_A.DRAFT, _A.CANCELLED): "discard",
    (_A.SUBMITTED, _A.APPROVED): "approve, by a second person",
    (_A.SUBMITTED, _A.REJECTED): "reject (restores the old card)",
    (_A.SUBMITTED, _A.CANCELLED): "cancel (restores the old card)",
    (_A.APPROVED, _A.PERSONALISING): "reserve a blank card",
    (_A.APPROVED, _A.CANCELLED): "cancel",
    (_A.PERSONALISING, _A.PRODUCED): "card written and judged",
    (_A.PERSONALISING, _A.APPROVED): "card given back, spoilt or put aside",
    (_A.PERSONALISING, _A.CANCELLED): "cancel",
    (_A.PRODUCED, _A.CLOSED): "card activated",
    (_A.PRODUCED, _A.CANCELLED): "cancel, or card revoked",
}
CARD_CAUSES: Final[Mapping[tuple[CardState, CardState], str]] = {
    (_C.STOCK, _C.RESERVED): "reserve",
    (_C.STOCK, _C.QUARANTINED): "spoilt",
    (_C.RESERVED, _C.PERSONALISING): "first write",
    (_C.RESERVED, _C.STOCK): "give back, or a day has passed",
    (_C.RESERVED, _C.QUARANTINED): "spoilt",
    (_C.PERSONALISING, _C.SEALED): "judged by a fresh session",
    (_C.PERSONALISING, _C.QUARANTINED): "cannot be resumed",
    (_C.QUARANTINED, _C.DESTROYED): "write-off, by two people",
    (_C.SEALED, _C.DELIVERED): "hand over",
    (_C.SEALED, _C.REVOKED): "cancelled, or never collected",
    (_C.DELIVERED, _C.ACTIVE): "citizen's own PIN",
    (_C.DELIVERED, _C.REVOKED): "lost, stolen, cancelled, or never activated",
    (_C.ACTIVE, _C.HELD): "lost, forgotten, to be replaced, suspicious, owner gone",
    (_C.ACTIVE, _C.REVOKED): "stolen, superseded, withdrawn",
    (_C.ACTIVE, _C.EXPIRED): "its last day has passed",
    (_C.HELD, _C.ACTIVE): "cancelled, returned, or reinstated by two people",
    (_C.HELD, _C.REVOKED): "not found in time, superseded, or death confirmed",
    (_C.HELD, _C.EXPIRED): "its last day has passed",
    (_C.REVOKED, _C.DESTROYED): "shredded",
    (_C.EXPIRED, _C.DESTROYED): "shredded",
}
"""What leads from one state to another. A test proves that every arrow of the tables has its cause here."""


def draw_applications() -> str:
    """As Mermaid."""
    return _draw(APPLICATION_TRANSITIONS, APPLICATION_CAUSES, ApplicationState.DRAFT)


def draw_cards() -> str:
    """As Mermaid."""
    return _draw(CARD_TRANSITIONS, CARD_CAUSES, CardState.STOCK)


def redraw(document: str) -> str:
    """The document with its diagrams drawn anew. Raises ValueError when a marker is missing."""
    for name, diagram in (("applications", draw_applications()), ("cards", draw_cards())):
        begin, end = f"<!-- diagram: {name} -->\n", "<!-- end of diagram -->"
        before, found, rest = document.partition(begin)
        _, closed, after = rest.partition(end)
        if not found or not closed:
            raise ValueError(f"the document has no place for the diagram of {name}")
        document = f"{before}{begin}```mermaid\n{diagram}```\n{end}{after}"
    return document


def _draw(table: Mapping[S, frozenset[S]], causes: Mapping[tuple[S, S], str], begin: S) -> str:
    lines = ["stateDiagram-v2", f"    [*] --> {begin}"]
    for state, followers in table.items():
        lines += [f"    {state} --> {after} : {causes[state, after]}" for after in table if after in followers]
        lines += [] if followers else [f"    {state} --> [*]"]
    return "\n".join(lines) + "\n"
