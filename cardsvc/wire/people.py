"""People, as officers' tools see them: found masked, opened for a purpose, corrected, photographed, erased."""

from __future__ import annotations

from datetime import date
from enum import StrEnum
from typing import Annotated, Final
from uuid import UUID

from pydantic import ConfigDict, Field, JsonValue, StringConstraints, model_validator

from cardsvc.wire.base import LINE, TRIMMED, Date, Message, Page, Timestamp
from cardsvc.wire.lifecycle import CardState, Name, Person

Query = Annotated[str, StringConstraints(min_length=1, max_length=100, pattern=LINE), TRIMMED]
DocumentNumber = Annotated[str, StringConstraints(pattern=r"^[A-Z0-9]{5,20}$")]
CardNumber = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9-]{4,40}$")]
"""A printed number, the product's serial number, or a card UUID."""
Reference = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9/._-]{0,39}$")]
"""The number of a case or an appointment. It stays in the audit log when the person is erased: no names."""


class Purpose(StrEnum):
    """Why somebody is looked up; it goes on record, and the citizen can read it."""

    ENROLMENT = "enrolment"
    APPLICATION = "application"
    RENEWAL = "renewal"
    REPLACEMENT = "replacement"
    LOSS_REPORT = "loss-report"
    COLLECTION = "collection"
    CORRECTION = "correction"
    COMPLAINT = "complaint"
    SUPERVISION = "supervision"
    COURT_ORDER = "court-order"
    ERASURE = "erasure"
    CARD_LOCK = "card-lock"


class Occasion(Message):
    """Why, and in which case."""

    purpose: Purpose
    reference: Reference | None = None


_SOUGHT: Final = ("name", "document_number", "card_number")
_BY_ONE: Final[list[JsonValue]] = [
    {"required": [one], "properties": {other: {"type": "string" if other == one else "null"} for other in _SOUGHT}}
    for one in _SOUGHT
]


class SearchRequest(Occasion):
    """Look for people: by name (as written, or its sound: ``chen meiling``), document number, or card number.

    ``birth_date`` narrows a search by name, and lets initials (``cml``) be enough.
    """

    model_config = ConfigDict(json_schema_extra={"anyOf": _BY_ONE})

    name: Query | None = Field(default=None, repr=False)
    document_number: DocumentNumber | None = Field(default=None, repr=False)
    card_number: CardNumber | None = Field(default=None, repr=False)
    birth_date: Date | None = Field(default=None, repr=False)

    @model_validator(mode="after")
    def _one_way(self) -> SearchRequest:
        given = [self.name, self.document_number, self.card_number]
        if sum(value is not None for value in given) != 1:
            raise ValueError("give a name, a document number or a card number")
        return self


class Match(StrEnum):
    """Why somebody was found."""

    DOCUMENT_NUMBER = "document-number"
    CARD_NUMBER = "card-number"
    NAME = "name"
    SOUND = "sound"
    INITIALS = "initials"
    NAME_AND_BIRTH_DATE = "name-and-birth-date"
    SOUND_AND_BIRTH_DATE = "sound-and-birth-date"


class FoundPerson(Message):
    """Enough to choose the right one, and no more: to see the rest, open the person."""

    id: UUID
    match: Match
    name: str = Field(repr=False)
    birth_year: int = Field(repr=False)
    document_number: str = Field(repr=False)
    """The last four characters."""
    district: str


class FoundPeople(Message):
    """At most twenty; ``more`` says that the search should be narrowed."""

    people: list[FoundPerson]
    more: bool


class DuplicatesRequest(Message):
    """Who may be this person, before they are enrolled again?"""

    person: Person
    reference: Reference | None = None


class PersonCard(Message):
    """A card of a person."""

    uuid: UUID
    stock_number: str
    state: CardState
    expires_on: Date | None = None


class PhotoInfo(Message):
    """A photograph that is kept."""

    width: int
    height: int
    stored_by: str
    stored_at: Timestamp


class Relation(StrEnum):
    """Why somebody may act for another."""

    PARENT = "parent"
    GUARDIAN = "guardian"
    """Appointed by a court or an authority; also for adults."""


class GuardianRequest(Message):
    """Let somebody act for a person."""

    guardian_id: UUID
    relation: Relation


class Guardian(Message):
    """Who acts for a person."""

    guardian_id: UUID
    relation: Relation
    since: Timestamp


class PersonRecord(Message):
    """A person, opened."""

    id: UUID
    person: Person
    photo: PhotoInfo | None = None
    cards: list[PersonCard]
    guardians: list[Guardian]
    corrections: int
    """How many earlier versions there are."""


class CorrectionCause(StrEnum):
    """Why what is known about a person changes."""

    TYPING_ERROR = "typing-error"
    NAME_CHANGE = "name-change"
    NEW_DOCUMENT = "new-document"
    MOVE = "move"
    COURT_ORDER = "court-order"


class CorrectionRequest(Message):
    """Set what is wrong right. Members that are not given stay."""

    cause: CorrectionCause
    reference: Reference | None = None
    name: Name | None = Field(default=None, repr=False)
    name_latin: Name | None = Field(default=None, repr=False)
    birth_date: Date | None = Field(default=None, repr=False)
    document_number: DocumentNumber | None = Field(default=None, repr=False)
    district: Annotated[str, StringConstraints(pattern=r"^[a-z0-9-]{1,40}$")] | None = None

    def changes(self) -> dict[str, str | date]:
        """What is to be different."""
        return self.model_dump(exclude={"cause", "reference"}, exclude_none=True)


class CorrectedPerson(Message):
    """What came of a correction."""

    record: PersonRecord
    changed: list[str]
    card_needed: bool
    """Something that is printed or stored on the card changed: apply for a card of kind ``correction``."""


class PersonVersion(Message):
    """What was known before a correction."""

    person: Person
    until: Timestamp
    corrected_by: str
    cause: CorrectionCause


class PersonVersions(Message):
    """Earlier versions, oldest first."""

    versions: list[PersonVersion]


class DocumentKind(StrEnum):
    """What was scanned."""

    IDENTITY_DOCUMENT = "identity-document"
    PROOF_OF_ADDRESS = "proof-of-address"
    BIRTH_CERTIFICATE = "birth-certificate"
    GUARDIANSHIP = "guardianship"
    POWER_OF_ATTORNEY = "power-of-attorney"
    POLICE_REPORT = "police-report"
    COLLECTION_RECEIPT = "collection-receipt"
    """With the signature of whoever collected the card; for a finished card too."""
    OTHER = "other"


class Document(Message):
    """A scanned document that is kept with an application."""

    id: UUID
    application_id: UUID
    kind: DocumentKind
    media_type: str
    size: int
    added_by: str
    added_at: Timestamp


class DocumentList(Page):
    """The documents of an application, oldest first."""

    documents: list[Document]


class ErasureDone(Message):
    """A person's data is gone."""

    id: UUID
    erased_at: Timestamp
    requested_by: str
    approved_by: str
