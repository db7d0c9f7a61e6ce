"""What a desk works with: its own name at the card service, its readers, its folder."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from cardsvc.client import ServiceClient
from cardsvc.client.clock import Clock, system_clock
from cardsvc.wire.manifest import Language
from kiosk.desk.colours import Theme
from kiosk.desk.intents import Intents
from kiosk.desk.seat import Seat
from kiosk.desk.stock import Count
from readers.connection import CardReader

FindsReader = Callable[[], CardReader]
"""Raises ReaderError while there is none."""


@dataclass(frozen=True, slots=True)
class Equipment:
    """A desk that is not open yet."""

    desk: ServiceClient
    """The service, in the desk's own name."""
    open_for: Callable[[str], ServiceClient]
    """The service, in the name of the officer whose visit token is given."""
    officers_reader: FindsReader
    """Where officers leave their card while they work."""
    card_readers: Sequence[FindsReader]
    """Where citizens' cards are written: one or two of them."""
    folder: Path
    """The desk's own: drafts, and what was chosen for the window. Nobody else can read it."""
    language: Language | None = None
    theme: Theme | None = None
    """None: as they were chosen in the window last."""
    clock: Clock = field(default=system_clock)
    intents: Intents = field(default_factory=Intents)
    """What officers of this desk meant to do and have no answer to yet."""
    counts: dict[str, Count] = field(default_factory=dict)
    """The stock-takes that are under way, by officer: each goes on when theirs comes back."""

    @property
    def seat(self) -> Seat:
        """The officer's place."""
        return Seat(self.desk, self.open_for, self.clock)
