"""Kiosks as machines: how they are enrolled, what they report, and what they are told."""

from __future__ import annotations

import re
from enum import StrEnum
from typing import Annotated, Final
from uuid import UUID

from pydantic import Field, StringConstraints, field_validator

from cardsvc.wire.approvals import Approval, Reason
from cardsvc.wire.base import LINE, TRIMMED, WHOLE, Code, Message, Page, Timestamp
from cardsvc.wire.manifest import Language
from cardsvc.wire.officers import ClientId, PublicJwk, Title

ENROLMENT_TYP: Final = "kiosk-enrolment+jwt"
"""The ``typ`` header of an `EnrolmentRequest.proof`."""
CODE_BYTES: Final = 15
"""Of randomness in a code: 120 bits, which nobody guesses."""
_CODE: Final = r"^[0-9A-Za-z]{4}(-?[0-9A-Za-z]{4}){5}$"
_LOOK_ALIKES: Final = str.maketrans("OILU", "0112")

WrittenCode = Annotated[str, StringConstraints(pattern=_CODE, max_length=29)]
"""A code as somebody types it: hyphens may be left out, small letters do."""


def normal_code(written: str) -> str:
    """The code as it was made, whichever way it was typed: Crockford's base 32 takes O for 0, I and L for 1."""
    return re.sub("-", "", written).upper().translate(_LOOK_ALIKES)


class KioskRequest(Message):
    """Have a place for a kiosk; it makes its own key when it is enrolled with the code of the answer."""

    client_id: ClientId
    title: Title
    office: Code | None = None


class EnrolmentCode(Message):
    """Lets a kiosk in, once. Shown here and never again."""

    client_id: str
    code: WrittenCode = Field(repr=False)
    expires_at: Timestamp


class EnrolmentRequest(Message):
    """Enrol a kiosk with the code that an officer was given.

    ``proof`` is a JWT signed with the kiosk's new key. Its ``typ`` is ``kiosk-enrolment+jwt``; its claims are ``aud``
    (the issuer), ``iat``, ``exp`` (five minutes at most), ``jkt`` (the key's thumbprint) and ``code_sha256`` (of the
    code in capitals without hyphens, base64url): a proof is good for one code at one service.
    """

    code: WrittenCode = Field(repr=False)
    public_jwk: PublicJwk
    proof: Annotated[str, Field(max_length=4096)] = Field(repr=False)


class Enrolment(Message):
    """Who the kiosk is from now on."""

    client_id: str
    title: str
    thumbprint: str
    """Of its key (RFC 7638)."""


class KioskState(StrEnum):
    """How a kiosk stands."""

    AWAITED = "awaited"
    """It has a place, and has not been enrolled."""
    IN_SERVICE = "in-service"
    """Heard from a moment ago."""
    SILENT = "silent"
    """Not heard from for a while, or never."""
    OUT_OF_SERVICE = "out-of-service"
    """Disabled for now: it may report, and nothing else."""
    SHUT_OUT = "shut-out"
    """For good."""


class ReaderCondition(StrEnum):
    """Whether a reader works."""

    READY = "ready"
    OUT_OF_ORDER = "out-of-order"


BaseUrl = Annotated[str, StringConstraints(pattern=r"^https?://[^/?#\s]+[^?#\s]*$", max_length=200)]
Seconds = Annotated[int, Field(ge=0, le=(1 << 53) - 1), WHOLE]
Count = Annotated[int, Field(ge=0, le=(1 << 53) - 1), WHOLE]
"""As JSON has whole numbers everywhere (RFC 8259 §6)."""
Software = Annotated[str, StringConstraints(min_length=1, max_length=40, pattern=LINE), TRIMMED]


class DepartmentPlace(Message):
    """Where kiosks find a department. The order of the places is that on the screen."""

    code: Code
    base_url: BaseUrl


class KioskSettings(Message):
    """How kiosks behave."""

    language: Language = Language.ENGLISH
    """For whoever chooses none."""
    idle_seconds: Annotated[int, Field(ge=15, le=600), WHOLE] = 90
    """For somebody who does nothing."""
    visit_seconds: Annotated[int, Field(ge=60, le=600), WHOLE] = 600
    """For a whole visit."""
    notice_seconds: Annotated[int, Field(ge=5, le=120), WHOLE] = 20
    """For a refusal to be read when no visit is open."""


class FleetPlanTerms(Message):
    """What all kiosks offer, and how they behave."""

    departments: list[DepartmentPlace] = Field(max_length=64)
    settings: KioskSettings = KioskSettings()

    @field_validator("departments")
    @classmethod
    def _once(cls, departments: list[DepartmentPlace]) -> list[DepartmentPlace]:
        if len({place.code for place in departments}) != len(departments):
            raise ValueError("name every department once")
        if len({place.base_url for place in departments}) != len(departments):
            raise ValueError("an address speaks for one department")
        return departments


class FleetPlanDraftRequest(FleetPlanTerms):
    """Ask a colleague to agree to the next version. It replaces the version in force as a whole."""

    reason: Reason


class FleetPlan(FleetPlanTerms):
    """A version that was published."""

    version: int
    published_by: str
    published_at: Timestamp


class FleetPlanDraft(FleetPlanTerms):
    """A version that is not in force: a second officer approves it, then it can be published."""

    id: UUID
    """The subject of the approval."""
    changes_version: int
    """The version that was in force when it was drafted; 0 for none."""
    drafted_by: str
    drafted_at: Timestamp
    published_version: int | None = None
    approval: Approval | None = None


class Heartbeat(Message):
    """What a kiosk says of itself, every few seconds."""

    software: Software
    """Its version."""
    sent_at: Timestamp
    """By its own clock."""
    contactless: ReaderCondition
    contact: ReaderCondition
    plan_version: Count = 0
    """Of what it offers and how it behaves; 0 for none."""
    offers_age: Seconds | None = None
    """For how long not every department has said what it offers; None for never."""
    revocations_age: Seconds | None = None
    """When it last knew every revocation there was; None for never."""
    journal_entries: Count = 0
    """What it did without a network, and has not told."""
    card_left_age: Seconds | None = None
    """For how long a card has been there that somebody left behind; None when there is none."""
    cards_left: Count = 0
    """How many were left behind since it was started."""


class Pulse(Message):
    """What a kiosk is told in answer."""

    now: Timestamp
    interval_seconds: Annotated[int, Field(ge=1)]
    """When it is to report again."""
    disabled: bool
    """It is out of service: it shows that, lets nobody in, and goes on reporting."""
    plan_version: Count
    """The version in force of what it is to offer, and how to behave; 0 when there is none."""
    newest_revocation: UUID | None = None
    """The last that it has to know of; None when there is none."""


class Kiosk(Message):
    """A kiosk, as those who look after it see it."""

    client_id: str
    title: str
    office: str | None = None
    state: KioskState
    created_at: Timestamp
    code_expires_at: Timestamp | None = None
    """Of the code with which it may be enrolled, if there is one."""
    disabled_at: Timestamp | None = None
    disabled_by: str | None = None
    disabled_reason: str | None = None
    last_seen_at: Timestamp | None = None
    clock_ahead: float | None = None
    """Seconds that its clock was ahead of ours when it was heard from last."""
    report: Heartbeat | None = None
    """What it said then."""


class KioskList(Page):
    """All kiosks, by client id."""

    kiosks: list[Kiosk]


class KioskDisabling(Message):
    """Take a kiosk out of service until it is enabled again."""

    reason: Reason
