"""What a caller may ask for, and which kind of caller may ever be given it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from enum import StrEnum
from typing import Final

from cardsvc.callers.models import CallerKind


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
    CARDS_REVOKE = "cards:revoke"
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
    AUDIT_READ = "audit:read"
    AUTHENTICATE = "authenticate"
    """Ask for challenges, prove cards, begin visits, exchange them for assertions."""
    VERIFY = "verify"
    """Have assertions verified online."""


_CLERK: Final = frozenset(
    {
        Scope.APPLICATIONS_WRITE,
        Scope.APPLICATIONS_APPROVE,
        Scope.CARDS_PERSONALISE,
        Scope.CARDS_DELIVER,
        Scope.CARDS_ACTIVATE,
        Scope.CARDS_REVOKE,
        Scope.CARDS_READ,
        Scope.STOCK_WRITE,
        Scope.APPROVALS_REQUEST,
        Scope.APPROVALS_DECIDE,
        Scope.PEOPLE_READ,
        Scope.PEOPLE_WRITE,
        Scope.PEOPLE_ERASE,
        Scope.OFFICERS_WRITE,
        Scope.CALLERS_WRITE,
        Scope.AUDIT_READ,
    }
)

SCOPES_OF_KIND: Final[Mapping[CallerKind, frozenset[Scope]]] = {
    CallerKind.OFFICER: _CLERK,
    CallerKind.KIOSK: frozenset({Scope.AUTHENTICATE}),
    CallerKind.DESK: frozenset(
        {Scope.AUTHENTICATE, Scope.CARDS_PERSONALISE, Scope.CARDS_ACTIVATE, Scope.CARDS_READ},
    ),
    CallerKind.DEPARTMENT: frozenset({Scope.VERIFY}),
}
"""The most each kind may hold. An officer cannot begin a visit and a kiosk cannot touch a card's life, whatever a row
in the database says."""


def parse_scopes(text: str) -> frozenset[str]:
    """The scopes of a space-separated list (RFC 6749 §3.3), known or not."""
    return frozenset(text.split())


def write_scopes(scopes: Iterable[str]) -> str:
    """The list for the wire, in a stable order."""
    return " ".join(sorted(scopes))
