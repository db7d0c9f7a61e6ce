"""The founding officers as residents with a card of their own, with which they sign in at a desk."""

from __future__ import annotations

from contextlib import ExitStack
from datetime import date
from typing import Final

from cardsvc.wire.lifecycle import Person
from cardsvc.wire.officers import OfficerChange
from kiosk.city.founding import FOUNDING_OFFICERS, Plan
from kiosk.city.issuing import enrol, produce
from kiosk.city.stage import CardFiles, Stage

OFFICERS: Final = {
    "ana": Person(
        name="陈安娜",
        name_latin="Chen Anna",
        birth_date=date(1980, 1, 2),
        document_number="A1000001",
        district="hengqin",
    ),
    "bo": Person(
        name="林波",
        name_latin="Lin Bo",
        birth_date=date(1981, 3, 4),
        document_number="A1000002",
        district="hengqin",
    ),
}
"""The officers, as residents."""


def issue_officers_cards(plan: Plan, stage: Stage) -> dict[str, CardFiles]:
    """A card for each of the two, written by one and approved by the other, and confirmed by whose it is."""
    cards = {}
    with ExitStack() as stack:
        callers = {name: stack.enter_context(plan.caller(name)) for name in FOUNDING_OFFICERS}
        for number, (name, colleague) in enumerate(zip(OFFICERS, reversed(OFFICERS), strict=True), 1):
            cards[name] = CardFiles.named(plan.folder, name)
            clerk, person = callers[colleague], OFFICERS[name]
            application = enrol(clerk, person)
            citizen = clerk.application(application).citizen_id
            two = (colleague, name)
            uuid = produce(plan, stage, cards[name], application, f"CC-0000-000{number}", officers=two)
            clerk.change_officer(name, OfficerChange(citizen_id=citizen, title=person.name_latin))
            callers[name].confirm_card(uuid)
    return cards
