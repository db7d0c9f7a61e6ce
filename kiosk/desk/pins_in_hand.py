"""PINs known at a desk for a while: of cards written or unblocked here, until they have their citizens' own.

They are the officer's on duty, and go with them. A PIN goes to its card and nowhere else.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date
from uuid import UUID

from readers.piv.pin import Pin


@dataclass
class PinInHand:
    """How far a card is on the way from its transport PIN to the citizen's own."""

    transport: Pin | None = None
    birth_date: date | None = None
    """Of the citizen, looked up when the card was unblocked: so that nobody takes their birthday for their PIN."""
    by_letter: bool = False
    """The citizen enters the transport PIN: it is not known here."""
    chosen: Pin | None = None
    """The citizen's, until it is in the card and the card in force."""
    in_doubt: bool = False
    """The card's answer was lost: it has either of the two."""
    taken: bool = False
    """The card has the citizen's PIN."""

    @property
    def unblocked(self) -> bool:
        """Whether the citizen has the card, and it was unblocked."""
        return self.birth_date is not None

    def let_go(self) -> None:
        """The citizen leaves it for now. Which PIN a card may have taken is kept: without it nobody could tell."""
        if self.in_doubt or self.taken:
            return
        self.chosen = None
        if self.by_letter:
            self.transport = None


@dataclass
class PinsInHand:
    """One for each card."""

    _pins: dict[UUID, PinInHand] = field(default_factory=dict, repr=False)

    def keep(self, card_uuid: UUID, transport: Pin, birth_date: date | None = None) -> None:
        """The card has this transport PIN now, whatever it had before."""
        self._pins[card_uuid] = PinInHand(transport, birth_date)

    def known(self, card_uuid: UUID) -> PinInHand | None:
        """What is known of the card's PIN, if anything is."""
        return self._pins.get(card_uuid)

    def of(self, card_uuid: UUID) -> PinInHand:
        """The same; where nothing is known, the citizen has a letter."""
        return self._pins.setdefault(card_uuid, PinInHand(by_letter=True))

    def forget(self, card_uuid: UUID) -> None:
        """The card has the citizen's PIN."""
        self._pins.pop(card_uuid, None)
