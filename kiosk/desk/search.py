"""Finding people by whatever was typed into one box: a name, a document number, or the number of a card."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date
from typing import Final
from uuid import UUID

from cardsvc.client import ServiceClient
from cardsvc.wire.people import FoundPeople, Purpose, SearchRequest

_BRACKETS: Final = re.compile(r"[()（）]")
"""Identity cards of Hong Kong and Macau print their check digit in them; it is kept without."""
_DOCUMENT: Final = re.compile(r"[A-Z0-9]{5,20}")
_PRINTED: Final = re.compile(r"[A-Z0-9-]{4,20}")
_DIGIT: Final = re.compile(r"[0-9]")
_REFERENCE: Final = re.compile(r"(?:[A-Za-z0-9][A-Za-z0-9/._-]{0,39})?")

PURPOSES: Final = tuple(purpose for purpose in Purpose if purpose is not Purpose.ENROLMENT)
"""Why somebody is looked up here. Before somebody is enrolled, they are looked for by all that is known of them."""


@dataclass(frozen=True, slots=True)
class Occasion:
    """Why somebody is looked for, and what narrows it."""

    purpose: Purpose
    reference: str | None = None
    birth_date: date | None = field(default=None, repr=False)


def readings(text: str) -> Iterator[dict[str, str]]:
    """What the text may be, the likeliest first: members of a `SearchRequest`. Nothing for an empty one.

    Numbers have digits, and names have none. A number with a hyphen is printed on a card, a UUID is one; the others are
    of a document, or a card's serial number.
    """
    typed = text.strip()
    if not typed:
        return
    if _is_uuid(typed):
        yield {"card_number": typed.lower()}
        return
    number = _BRACKETS.sub("", typed).replace(" ", "").upper()
    if _DIGIT.search(number):
        if _DOCUMENT.fullmatch(number):
            yield {"document_number": number}
        if _PRINTED.fullmatch(number):
            yield {"card_number": number}
        return
    yield {"name": typed}


def is_reference(text: str) -> bool:
    """Whether it can be the number of a case; none is one too."""
    return _REFERENCE.fullmatch(text) is not None


def find(service: ServiceClient, text: str, occasion: Occasion) -> FoundPeople:
    """Who is found, masked. Each look goes on record, also one that finds nobody.

    Raises ServiceProblem, ServiceUnreachable, ValueError for what can be neither a name nor a number.
    """
    found = FoundPeople(people=[], more=False)
    for reading in readings(text):
        found = service.search_people(_request(reading, occasion))
        if found.people:
            break
    return found


def _request(reading: dict[str, str], occasion: Occasion) -> SearchRequest:
    birth_date = occasion.birth_date if "name" in reading else None
    return SearchRequest.model_validate(
        {**reading, "purpose": occasion.purpose, "reference": occasion.reference, "birth_date": birth_date}
    )


def _is_uuid(text: str) -> bool:
    try:
        return len(text) >= len(UUID(text).hex)
    except ValueError:
        return False
