"""A day of an office: what its officers did, what waits, and how the blank cards come out. Counts alone, of nobody."""

from __future__ import annotations

from datetime import date

from cardsvc.wire.base import Message, Timestamp
from cardsvc.wire.lifecycle import ApplicationState

MOST_DAYS_BACK = 92
"""Older days are not told."""


class OfficerDay(Message):
    """What one officer did."""

    officer: str
    applications_taken: int
    applications_approved: int
    applications_rejected: int
    applications_cancelled: int
    cards_issued: int
    """Written and found right."""
    cards_handed_over: int
    cards_spoilt: int
    """Put aside: misprinted, damaged, given up."""
    cards_unblocked: int
    cards_held: int
    cards_revoked: int
    losses_reported: int


class StockDay(Message):
    """The blank cards of an office. ``closing`` is ``opening``, and what came less what went."""

    opening: int
    received: int
    brought: int
    """By a hand-over from another office."""
    used: int
    """Written, or being written."""
    came_back: int
    """Came back on the books: writing them was given up."""
    sent: int
    """By a hand-over to another office."""
    destroyed: int
    closing: int


class WaitingApplications(Message):
    """How many open applications are in one state."""

    state: ApplicationState
    count: int


class OfficeDay(Message):
    """A day of the caller's office; of the caller alone, where they work at none."""

    day: date
    begins: Timestamp
    ends: Timestamp
    """The day is over then, by the offset that was asked for; what is told goes as far as it has come."""
    office: str | None = None
    officers: list[OfficerDay]
    stock: StockDay
    """Of the cards that are kept at this office; of those at no office, where the caller works at none."""
    waiting: list[WaitingApplications]
    """Which these officers see to, now."""
    approvals_waiting: int
    """What these officers have asked colleagues for, and nobody has decided."""
