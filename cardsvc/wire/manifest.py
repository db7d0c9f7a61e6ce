"""What a department publishes about its services, what a kiosk posts to one, and what comes back.

A department serves a `Manifest` at `MANIFEST_PATH`. A kiosk posts a `ServiceRequest` to `service_path(code)` with an
`IDEMPOTENCY_HEADER` and gets an `Outcome`, or a problem (RFC 9457) whose extension member ``message`` may hold the
sentence for the citizen as `Texts`. At level ``sign`` it first posts a `PreparationRequest` to `prepare_path(code)` and
gets the document that the citizen is to sign; the `ServiceRequest` then brings it along with its signature.
Before the second of `TwoTurns` sees a photograph, it posts an `AdmissionRequest` to `admission_path(code)`.

The input of a service is a JSON Schema of one flat object. A kiosk draws these kinds of property: a string with
``enum`` (choices), a plain string (with ``minLength``, ``maxLength``, ``pattern``), a string of ``format`` ``date`` (a
day, chosen by year, month and day), an ``integer`` (with ``minimum``, ``maximum``) and a ``boolean``. Words are written
beside the schema in members of their own, which validators ignore: ``x-titles`` (`Texts`, the label), ``x-hints``
(`Texts`), and ``x-choices`` (each value of the enum → `Texts`). So is what years to offer for a day: ``x-days``,
``{"before": 366, "after": 0}``, is how many days before and after today it can be, a hundred years unless given.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated, Any, Final, Literal

from pydantic import AfterValidator, Field, StringConstraints, model_validator

from cardsvc.wire.base import LINES, TRIMMED, Base64Url, Code, Message, Timestamp
from cardsvc.wire.levels import Level

MANIFEST_PATH: Final = "/.well-known/citizen-services.json"
IDEMPOTENCY_HEADER: Final = "Idempotency-Key"


class Language(StrEnum):
    """The languages of the city's screens (BCP 47)."""

    ENGLISH = "en"
    CHINESE = "zh-Hans"
    PORTUGUESE = "pt"


def _with_english(texts: dict[Language, str]) -> dict[Language, str]:
    if Language.ENGLISH not in texts:
        raise ValueError("the English text is missing")
    return texts


Sentence = Annotated[str, StringConstraints(min_length=1, max_length=2000, pattern=LINES), TRIMMED]
Texts = Annotated[
    dict[Language, Sentence], AfterValidator(_with_english), Field(json_schema_extra={"required": ["en"]})
]
"""One text in some of the languages, English among them: ``{"en": "Ticket", "zh-Hans": "号码", "pt": "Senha"}``."""


def text_in(texts: dict[Language, str], language: Language) -> str:
    """The text in ``language``, else in English."""
    return texts.get(language) or texts[Language.ENGLISH]


AttributeName = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]*$", max_length=40)]
"""An attribute of a citizen as `Person` names it, for example ``name`` or ``birth_date``."""
QuestionCode = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z-]{0,39}:[a-z0-9-]{1,40}$")]
"""A yes/no question: its kind and what it asks about, for example ``age-at-least:60`` or ``resident-of:taipa``."""


class ResultKind(StrEnum):
    """What a citizen gets from a service, so that a screen can choose its picture."""

    TICKET = "ticket"
    """A number to wait with."""
    RECEIPT = "receipt"
    """Something was recorded or changed."""
    INFORMATION = "information"
    """Something to read."""


def _flat_object(schema: dict[str, Any]) -> dict[str, Any]:
    if schema.get("type") != "object" or not isinstance(schema.get("properties", {}), dict):
        raise ValueError("the input must be a JSON Schema of an object")
    return schema


InputSchema = Annotated[dict[str, Any], AfterValidator(_flat_object)]
NO_INPUT: Final[dict[str, Any]] = {"type": "object", "properties": {}, "additionalProperties": False}


class ServiceDescription(Message):
    """One service: what it is called, what it needs, what it gives."""

    code: Code
    titles: Texts
    summaries: Texts
    level: Level
    attributes: tuple[AttributeName, ...] = ()
    """What the department wants to know about the citizen besides its own pseudonym."""
    questions: tuple[QuestionCode, ...] = ()
    """What it wants answered by yes or no instead of being told."""
    purposes: Texts | None = None
    """Why it wants to know that, for the screen that asks for consent."""
    input: InputSchema = Field(default_factory=lambda: dict(NO_INPUT))
    result: ResultKind = ResultKind.RECEIPT
    listed: bool = True
    """Whether it stands among the services. What is not listed is reached by an `Action`, or asked by the kiosk."""


class TwoTurns(Message):
    """A service that takes two people, each with a card of their own: the second one goes on with what the first began.

    The outcome of ``first`` says until when somebody else can go on. Then that person proves themself, and is asked for
    ``second``, with the receipt number of the first (`ServiceRequest.continues`). At level ``sign`` both sign the very
    same document.
    """

    first: ServiceDescription
    second: ServiceDescription
    photograph: bool = False
    """Whether the second one is to see the photograph on the card of the first, beside the questions. The kiosk reads
    it with the first one's PIN and shows it to nobody else, and only after the department has admitted the second one
    (`AdmissionRequest`); no department gets it."""


class Manifest(Message):
    """A department and its services. The kiosk draws its screens from this alone."""

    department: Code
    titles: Texts
    services: tuple[ServiceDescription, ...]
    in_turn: tuple[TwoTurns, ...] = ()
    """The services that take two cards in turn. They are offered by what the first one does."""
    matters: Code | None = None
    """The service that tells how everything stands that somebody has here; what it told is not new any more."""
    news: Code | None = None
    """The service that tells what of it is new, and changes nothing. Kiosks ask for it unasked, after the PIN."""

    @model_validator(mode="after")
    def _codes_are_unique(self) -> Manifest:
        turns = [turn for two in self.in_turn for turn in (two.first, two.second)]
        codes = [service.code for service in (*self.services, *turns)]
        if len(set(codes)) != len(codes):
            raise ValueError("two services have the same code")
        return self

    @model_validator(mode="after")
    def _tells_without_being_told(self) -> Manifest:
        for code in filter(None, (self.matters, self.news)):
            service = self.service(code)
            if service is None or service.level is not Level.PIN or service.attributes or service.questions:
                raise ValueError("matters and news are services of level pin that want to know nothing")
            if service.input.get("required"):
                raise ValueError("matters and news take no input")
        return self

    def service(self, code: str) -> ServiceDescription | None:
        """The service of that code, if there is one."""
        return next((service for service in self.services if service.code == code), None)


Receipt = Annotated[str, StringConstraints(pattern=r"^[A-Z0-9][A-Z0-9-]{3,39}$")]
"""A receipt number: with it the department finds the record again."""


class PreparationRequest(Message):
    """Ask for the document that a citizen is to sign. It changes nothing, and may be sent again."""

    assertion: str = Field(repr=False)
    """The JWS that the card service made for this department and service, for preparing."""
    input: dict[str, Any] = Field(default_factory=dict, repr=False)
    """What the citizen entered, valid against the service's input schema."""
    language: Language = Language.ENGLISH
    """In which the citizen reads."""
    continues: Receipt | None = None
    """Of what somebody else began, and signed: their document is given again, in their language."""


class PreparedDocument(Message):
    """What the citizen is to sign, as the screen has to show it."""

    document: Base64Url = Field(repr=False)
    prepared: str = Field(repr=False)
    """The department's JWS about it (`cardsvc.wire.signing`), for the card service; it also names the media type."""


class AdmissionRequest(Message):
    """Ask whether somebody may take the second turn, before they see the photograph. It changes nothing."""

    assertion: str = Field(repr=False)
    """The JWS that the card service made for the second service; at level ``sign``, for preparing."""
    continues: Receipt
    """Of what the first one began."""


class Admission(Message):
    """They may. Whoever may not gets a problem."""

    admitted: Literal[True]


class SignedDocument(Message):
    """What the citizen signed."""

    document: Base64Url = Field(repr=False)
    """As it was prepared."""
    cms: Base64Url = Field(repr=False)
    """CMS SignedData (DER) over it, as the card service gave it with the assertion."""


class ServiceRequest(Message):
    """Ask for a service in a citizen's name.

    Two requests with the same idempotency key must have equal inputs; the second gets the answer of the first.
    """

    assertion: str = Field(repr=False)
    """The JWS that the card service made for this department and this service."""
    input: dict[str, Any] = Field(default_factory=dict, repr=False)
    """What the citizen entered, valid against the service's input schema."""
    signed: SignedDocument | None = None
    """At level ``sign``, and only there: the document prepared for this input, signed."""
    continues: Receipt | None = None
    """Of what somebody else began with another card: for the second one of `TwoTurns`, and only there."""


class Action(Message):
    """What the citizen may do next about a line of an outcome: a service of the same department, its form filled in."""

    service: Code
    titles: Texts
    """On the button."""
    department: Code | None = None
    """Departments leave this out: a kiosk that shows what several of them told writes down here who did."""
    input: dict[str, Any] = Field(default_factory=dict, repr=False)


class OutcomeField(Message):
    """One line of an outcome."""

    label: Texts
    value: str | Texts = Field(repr=False)
    """Figures and names as they are shown, or words in several languages.

    A day is ``2026-03-02``: a kiosk shows it as its reader writes it.
    """
    prominent: bool = False
    """Shown large: a ticket number, a balance."""
    new: bool = False
    """Not told before."""
    action: Action | None = None
    """What can be done about it: an application can be withdrawn, say."""


class Document(Message):
    """A paper to keep, for a printer or a screen."""

    title: Texts
    media_type: Annotated[str, StringConstraints(pattern=r"^[a-z]+/[a-z0-9.+-]+$")]
    content: str = Field(repr=False)
    """Text, or base64 where the media type is not text."""
    page: Annotated[str, StringConstraints(pattern=r"^https?://[!-~]+$", max_length=300)] | None = None
    """Where anybody can check the paper, if there is such a page. A kiosk shows it as a QR code."""


class Outcome(Message):
    """What came of a request."""

    title: Texts
    fields: tuple[OutcomeField, ...] = ()
    receipt: Receipt
    document: Document | None = None
    open_until: Timestamp | None = None
    """Of the first of `TwoTurns`: nothing is done until somebody else goes on with it, before this moment."""


def service_path(code: str) -> str:
    """Where a department takes requests for a service."""
    return f"/services/{code}"


def prepare_path(code: str) -> str:
    """Where a department prepares the document of a service of level ``sign``."""
    return f"{service_path(code)}/prepare"


def admission_path(code: str) -> str:
    """Where a department says who may take a second turn that shows a photograph."""
    return f"{service_path(code)}/admission"


def department_audience(code: str) -> str:
    """The audience of assertions meant for a department."""
    return f"urn:citizen-card:department:{code}"
