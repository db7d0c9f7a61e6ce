"""What the citizen gets: that it is recorded, will be passed on, and under which number it is found again."""

from __future__ import annotations

from datetime import datetime

from cardsvc.wire.manifest import Language, Outcome, OutcomeField, Texts
from kiosk.journal import Entry
from kiosk.offers import Offer
from kiosk.screen.words import words_in


def receipt_for(entry: Entry, offer: Offer, now: datetime) -> Outcome:
    """For an entry that is in the journal."""
    when = now.astimezone().strftime("%Y-%m-%d %H:%M")
    return Outcome(
        title=_in_all("recorded"),
        fields=(
            OutcomeField(label=_in_all("service"), value=offer.service.titles),
            OutcomeField(label=_in_all("when"), value=when),
            OutcomeField(label=_in_all("next"), value=_in_all("passed_on"), prominent=True),
        ),
        receipt=receipt_number(entry.hash),
    )


def receipt_number(entry_hash: bytes) -> str:
    """From the entry's hash, so that the entry is found by it: ``OFF-0A1B-2C3D-4E5F``."""
    digits = entry_hash.hex()[:12].upper()
    return f"OFF-{digits[:4]}-{digits[4:8]}-{digits[8:]}"


def _in_all(name: str) -> Texts:
    return {language: words_in(language)["offline"][name] for language in Language}
