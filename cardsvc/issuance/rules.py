"""What a city decides about its cards, as data."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final, Self

from cardsvc.settings import Settings
from cardsvc.wire.lifecycle import ApplicationKind


@dataclass(frozen=True, slots=True)
class Rules:
    """How long cards are good, and from when on and for whom they can be asked for."""

    card_years: int = 5
    temporary_days: int = 7
    """A temporary card is good to the end of this day after the one on which it was made; at most a week."""
    renewal_days: int = 60
    """So many days before its last day a card can be renewed."""
    consent_age: int = 16
    """Whoever is younger needs a guardian's consent."""

    @classmethod
    def of(cls, settings: Settings) -> Self:
        """As the settings say."""
        return cls(settings.card_years, settings.temporary_days, settings.renewal_days, settings.consent_age)

    def last_day(self, kind: ApplicationKind, today: date) -> date:
        """Until when a card of an application of this kind is good."""
        if kind is ApplicationKind.TEMPORARY:
            return today + timedelta(days=self.temporary_days)
        return years_after(today, self.card_years)

    def needs_consent(self, birth_date: date, today: date) -> bool:
        """Whether somebody is too young to decide alone."""
        return today < years_after(birth_date, self.consent_age)

    def renewal_opens(self, expires_on: date) -> date:
        """The first day on which a card can be renewed."""
        return expires_on - timedelta(days=self.renewal_days)


RULES: Final = Rules()
"""What holds unless the city says otherwise."""


def years_after(day: date, years: int) -> date:
    """The same day so many years later; 28 February for a 29th that is not there."""
    try:
        return day.replace(year=day.year + years)
    except ValueError:
        return day.replace(year=day.year + years, day=28)
