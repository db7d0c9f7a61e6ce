"""Whether the citizen has locked the card for this: the one place that says so.

What is locked is written on the card's row, besides in the list of locks: whoever uses a card locks that row and reads
it anyway, so a lock costs no query, and one that was committed before cannot be missed.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import Final

from cardsvc.locks.errors import LockedByCitizen
from cardsvc.wire.levels import Level

_DEPARTMENT: Final = "department:"


def target_of(department: str | None, level: Level | None) -> str:
    """How a lock is written: the level, or the department."""
    if level is not None:
        return level.value
    if department is None:
        raise ValueError("a lock is for a department or for a level")
    return _DEPARTMENT + department


def what_is_locked(target: str) -> tuple[str | None, Level | None]:
    """The department or the level that `target_of` wrote."""
    if target.startswith(_DEPARTMENT):
        return target.removeprefix(_DEPARTMENT), None
    return None, Level(target)


def check_unlocked(locks: Collection[str], *, department: str | None = None, level: Level | None = None) -> None:
    """Raise LockedByCitizen if a card with these locks (`Card.locks`, its row locked) must not be used so.

    ``department`` is whoever uses it or is to be told something; ``level`` is the one that was proved.
    """
    if not locks:
        return
    if level is not None and target_of(None, level) in locks:
        raise LockedByCitizen(level=level)
    if department is not None and target_of(department, None) in locks:
        raise LockedByCitizen(department=department)
