"""What a caller may ask for, and which kind of caller may ever be given it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from enum import StrEnum
from typing import Final

from cardsvc.wire.officers import CallerKind, Role


class Scope(StrEnum):
    """A permission. Every route names the ones it wants; a route that names none does not start (`api/access.py`)."""

    APPLICATIONS_WRITE = "applications:write"
    """Enrol people, write and submit applications."""
    APPLICATIONS_APPROVE = "applications:approve"
    """Approve or reject applications of others."""
    CARDS_PERSONALISE = "cards:personalise"
    """Have cards written by the service, at a desk."""
    CARDS_DELIVER = "cards:deliver"
    CARDS_ACTIVATE = "cards:activate"
    CARDS_HOLD = "cards:hold"
    """Stop cards for now: report losses, deaths and removals, and what is suspicious."""
    CARDS_REVOKE = "cards:revoke"
    """Withdraw cards for good, and put held ones into force again with a colleague."""
    CARDS_READ = "cards:read"
    STOCK_WRITE = "stock:write"
    """Take blank cards into stock."""
    APPROVALS_REQUEST = "approvals:request"
    """Ask a colleague for what takes two people."""
    APPROVALS_DECIDE = "approvals:decide"
    """Grant or refuse what a colleague asked for."""
    PEOPLE_READ = "people:read"
    """Find people and open them, for a purpose."""
    PEOPLE_WRITE = "people:write"
    """Correct what is known about people; photographs, documents, guardians."""
    PEOPLE_ERASE = "people:erase"
    """Erase people, once a colleague has agreed."""
    OFFICERS_WRITE = "officers:write"
    """Let officers in and out; ask for their roles. Offices."""
    CALLERS_WRITE = "callers:write"
    """Let kiosks and desks in and out; change keys."""
    DEPARTMENTS_WRITE = "departments:write"
    """Let departments take part; draft and publish, with a colleague, what they may learn."""
    AUDIT_READ = "audit:read"
    AUTHENTICATE = "authenticate"
    """Ask for challenges, prove cards, begin visits, exchange them for assertions."""
    VERIFY = "verify"
    """Have assertions verified online."""


SCOPES_OF_ROLE: Final[Mapping[Role, frozenset[Scope]]] = {
    Role.CLERK: frozenset(
        {
            Scope.APPLICATIONS_WRITE,
            Scope.APPROVALS_REQUEST,
            Scope.CARDS_ACTIVATE,
            Scope.CARDS_DELIVER,
            Scope.CARDS_HOLD,
            Scope.CARDS_PERSONALISE,
            Scope.CARDS_READ,
            Scope.PEOPLE_READ,
            Scope.PEOPLE_WRITE,
        }
    ),
    Role.APPROVER: frozenset({Scope.APPLICATIONS_APPROVE, Scope.APPROVALS_DECIDE, Scope.CARDS_READ, Scope.PEOPLE_READ}),
    Role.SUPERVISOR: frozenset(
        {
            Scope.APPROVALS_DECIDE,
            Scope.APPROVALS_REQUEST,
            Scope.CARDS_HOLD,
            Scope.CARDS_READ,
            Scope.CARDS_REVOKE,
            Scope.PEOPLE_ERASE,
            Scope.PEOPLE_READ,
        }
    ),
    Role.STOCK_KEEPER: frozenset({Scope.APPROVALS_REQUEST, Scope.CARDS_READ, Scope.STOCK_WRITE}),
    Role.AUDITOR: frozenset({Scope.AUDIT_READ}),
    Role.ADMINISTRATOR: frozenset(
        {
            Scope.APPROVALS_DECIDE,
            Scope.APPROVALS_REQUEST,
            Scope.CALLERS_WRITE,
            Scope.DEPARTMENTS_WRITE,
            Scope.OFFICERS_WRITE,
        }
    ),
}
"""What each role may do. The two people of a two-person rule may have the same role; they are not the same person."""

SCOPES_OF_KIND: Final[Mapping[CallerKind, frozenset[Scope]]] = {
    CallerKind.OFFICER: frozenset().union(*SCOPES_OF_ROLE.values()),
    CallerKind.KIOSK: frozenset({Scope.AUTHENTICATE}),
    CallerKind.DESK: frozenset(
        {Scope.AUTHENTICATE, Scope.CARDS_PERSONALISE, Scope.CARDS_ACTIVATE, Scope.CARDS_READ},
    ),
    CallerKind.DEPARTMENT: frozenset({Scope.VERIFY}),
}
"""The most each kind may hold. An officer cannot begin a visit and a kiosk cannot touch a card's life, whatever a row
in the database says."""


def scopes_of_roles(roles: Iterable[str]) -> frozenset[Scope]:
    """What somebody with these roles may do; a role that is not known any more gives nothing."""
    known = [SCOPES_OF_ROLE[Role(role)] for role in roles if role in set(Role)]
    return frozenset().union(*known)


def parse_scopes(text: str) -> frozenset[str]:
    """The scopes of a space-separated list (RFC 6749 §3.3), known or not."""
    return frozenset(text.split())


def write_scopes(scopes: Iterable[str]) -> str:
    """The list for the wire, in a stable order."""
    return " ".join(sorted(scopes))
