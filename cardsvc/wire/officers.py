"""Officers, their roles and offices, and the other callers, as administrators see them."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated, Any, Final
from uuid import UUID

from pydantic import Field, JsonValue, StringConstraints

from cardsvc.wire.approvals import Approval, Reason
from cardsvc.wire.base import LINE, TRIMMED, Code, Message, Page, Timestamp

ClientId = Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9._-]{0,63}$")]
Title = Annotated[str, StringConstraints(min_length=1, max_length=100, pattern=LINE), TRIMMED]
_COORDINATE: Final[JsonValue] = {"type": "string", "pattern": "^[A-Za-z0-9_-]{42}[AEIMQUYcgkosw048]$"}
_POINT: Final[dict[str, JsonValue]] = {
    "required": ["kty", "crv", "x", "y"],
    "properties": {"kty": {"const": "EC"}, "crv": {"const": "P-256"}, "x": _COORDINATE, "y": _COORDINATE},
}
PublicJwk = Annotated[dict[str, Any], Field(max_length=16, json_schema_extra=_POINT)]
"""A public key on P-256 (RFC 7517)."""
KEY_CHANGE_TYP: Final = "key-change+jwt"
"""The ``typ`` header of a `KeyChangeRequest.proof`."""


OWN_CARD_TYP: Final = "own-card+jwt"
"""The ``typ`` header of an `OwnCardRequest.proof`."""


class Role(StrEnum):
    """What an officer is trusted with. Which permissions that is, `cardsvc.callers.scopes` says."""

    CLERK = "clerk"
    """Enrols people, writes applications, hands cards over."""
    APPROVER = "approver"
    """Approves what clerks write."""
    SUPERVISOR = "supervisor"
    """Withdraws cards; asks for and grants what takes two people."""
    STOCK_KEEPER = "stock-keeper"
    """Keeps blank cards."""
    AUDITOR = "auditor"
    """Reads what was done, and changes nothing."""
    INVESTIGATOR = "investigator"
    """Looks at people who hear of it later, with a colleague's consent."""
    ADMINISTRATOR = "administrator"
    """Lets officers, desks, kiosks and departments in and out."""


class CallerKind(StrEnum):
    """What a caller is; it bounds what it may do."""

    OFFICER = "officer"
    KIOSK = "kiosk"
    DESK = "desk"
    DEPARTMENT = "department"


class Office(Message):
    """A place where officers work and cards are kept."""

    code: Code
    title: str
    created_at: Timestamp
    closed_at: Timestamp | None = None


class OfficeRequest(Message):
    """Open an office."""

    code: Code
    title: Title


class OfficeChange(Message):
    """Give an office another title. Its code stays: the audit log names it."""

    title: Title


class OfficeList(Page):
    """All offices, by code."""

    offices: list[Office]


class OfficerRequest(Message):
    """Let an officer in. Roles come afterwards, with a colleague's approval."""

    client_id: ClientId
    title: Title
    public_jwk: PublicJwk
    office: Code | None = None
    citizen_id: UUID | None = None
    """The officer as a resident: what is about that citizen is left to colleagues."""


class OfficerChange(Message):
    """Change what is not a role. Members that are not given stay."""

    title: Title | None = None
    office: Code | None = None
    citizen_id: UUID | None = None


class RoleRequest(Message):
    """Ask for a role for an officer."""

    role: Role
    reason: Reason


class RoleGrant(Message):
    """A role that was asked for. It takes effect when the one who asked says so, once a colleague has approved."""

    id: UUID
    """The subject of the approval."""
    officer: str
    role: Role
    requested_by: str
    requested_at: Timestamp
    granted_at: Timestamp | None = None
    approval: Approval | None = None


class Officer(Message):
    """An officer."""

    client_id: str
    title: str
    roles: list[Role]
    office: str | None = None
    citizen_id: UUID | None = None
    card_confirmed_at: Timestamp | None = None
    """Since when the cards of that citizen sign the officer in at a desk."""
    created_at: Timestamp
    disabled_at: Timestamp | None = None


class OfficerList(Page):
    """All officers, by client id."""

    officers: list[Officer]


class CallerRequest(Message):
    """Let a kiosk or a desk in."""

    client_id: ClientId
    kind: CallerKind
    title: Title
    public_jwk: PublicJwk
    scopes: Annotated[list[Annotated[str, StringConstraints(max_length=64)]], Field(max_length=32)] | None = None
    """All that its kind may hold, unless given."""
    office: Code | None = None


class CallerChange(Message):
    """Change what a caller is called, or where it stands. Members that are not given stay."""

    title: Title | None = None
    office: Code | None = None


class Caller(Message):
    """Somebody who may call the service."""

    client_id: str
    kind: CallerKind
    title: str
    scopes: list[str]
    thumbprint: str
    """Of its key (RFC 7638)."""
    former_thumbprint: str | None = None
    """Of the key before, which is good until ``former_until``."""
    former_until: Timestamp | None = None
    office: str | None = None
    created_at: Timestamp
    disabled_at: Timestamp | None = None


class CallerList(Page):
    """All callers, by client id."""

    callers: list[Caller]


class Standing(Message):
    """Who is calling, and what they may do now."""

    client_id: str
    kind: CallerKind
    title: str
    roles: list[Role]
    """An officer's; others have none."""
    scopes: list[str]
    """Each route says which it takes."""
    office: str | None = None


class KeyRequest(Message):
    """Give a kiosk, a desk or a department another key; the present one stops working."""

    public_jwk: PublicJwk


class KeyChangeRequest(Message):
    """Change one's own key.

    ``proof`` is a JWT signed with the present key: an access token alone, which may have been stolen, is not enough.
    Its ``typ`` is ``key-change+jwt``; its claims are ``iss`` (the client id), ``aud`` (the issuer), ``iat``, ``exp``
    (five minutes at most) and ``jkt`` (the thumbprint of the new key).
    """

    public_jwk: PublicJwk
    former_until: Timestamp | None = None
    """The present key stays good until then, for seven days at most; unless given, it is refused from now on."""
    proof: Annotated[str, Field(max_length=4096)] = Field(repr=False)


class OwnCardRequest(Message):
    """Sign in with one's own card from now on, and with those that follow it.

    An administrator has said which resident the officer is; this is the officer's own word, without which anybody's
    card could be made theirs. ``proof`` is a JWT signed with the officer's key. Its ``typ`` is ``own-card+jwt``; its
    claims are ``iss`` (the client id), ``aud`` (the issuer), ``iat``, ``exp`` (five minutes at most), ``card_uuid``.
    """

    card_uuid: UUID
    """Of a card of that resident."""
    proof: Annotated[str, Field(max_length=4096)] = Field(repr=False)
