"""What a caller may ask for, and which kind of caller may ever be given it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Final

from cardsvc.wire.officers import CallerKind, Role
from cardsvc.wire.scopes import Scope

MEANING: Final[Mapping[Scope, str]] = {
    Scope.APPLICATIONS_WRITE: "Enrol people, write and submit applications.",
    Scope.APPLICATIONS_APPROVE: "Approve or reject applications of others.",
    Scope.CARDS_PERSONALISE: "Have cards written by the service, at a desk.",
    Scope.CARDS_DELIVER: "Hand finished cards over to the people they are for.",
    Scope.CARDS_ACTIVATE: "Put a card into force once it has proved itself with the citizen's PIN.",
    Scope.CARDS_HOLD: "Stop cards for now: report losses, deaths and removals, and what is suspicious.",
    Scope.CARDS_REVOKE: "Withdraw cards for good, and put held ones into force again with a colleague.",
    Scope.CARDS_READ: "See the state of cards.",
    Scope.STOCK_WRITE: "Take blank cards into stock.",
    Scope.APPROVALS_REQUEST: "Ask a colleague for what takes two people.",
    Scope.APPROVALS_DECIDE: "Grant or refuse what a colleague asked for.",
    Scope.PEOPLE_READ: "Find people and open them, for a purpose.",
    Scope.PEOPLE_WRITE: "Correct what is known about people; photographs, documents, guardians.",
    Scope.PEOPLE_ERASE: "Erase people, once a colleague has agreed.",
    Scope.PEOPLE_REIDENTIFY: "Find out whom a department knows by a name, once a colleague has agreed.",
    Scope.PEOPLE_INVESTIGATE: "Look at people who hear of it at a later date, once a colleague has agreed.",
    Scope.OFFICERS_WRITE: "Let officers in and out; ask for their roles. Offices.",
    Scope.CALLERS_WRITE: "Let kiosks and desks in and out; change keys.",
    Scope.DEPARTMENTS_WRITE: "Let departments take part; draft and publish, with a colleague, what they may learn.",
    Scope.AUDIT_READ: "Read the audit log and its proofs.",
    Scope.AUTHENTICATE: "Prove cards, begin visits, exchange them for assertions, have documents signed.",
    Scope.AUTHENTICATE_OWN_READER: "Prove cards at readers of a department's own, at the levels its policy allows.",
    Scope.VERIFY: "Have assertions verified, ask about people by pseudonym, get evidence of what was told.",
    Scope.EVENTS_READ: "Hear what happens to the cards of people whom the department knows.",
    Scope.WEBHOOKS_WRITE: "Say where the department's events are sent, and have them sent again.",
    Scope.REVOCATIONS_READ: "Hear which cards are to be turned away, and say that they are.",
    Scope.FLEET_REPORT: "Report how a kiosk is doing, and hear what it is to do.",
}
"""What each scope lets a caller do, as the OpenAPI document says it. A scope that is not here fails the tests."""


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
            Scope.PEOPLE_REIDENTIFY,
        }
    ),
    Role.STOCK_KEEPER: frozenset({Scope.APPROVALS_REQUEST, Scope.CARDS_READ, Scope.STOCK_WRITE}),
    Role.AUDITOR: frozenset({Scope.AUDIT_READ}),
    Role.INVESTIGATOR: frozenset({Scope.PEOPLE_INVESTIGATE}),
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
    CallerKind.KIOSK: frozenset({Scope.AUTHENTICATE, Scope.FLEET_REPORT, Scope.REVOCATIONS_READ}),
    CallerKind.DESK: frozenset(
        {Scope.AUTHENTICATE, Scope.CARDS_PERSONALISE, Scope.CARDS_ACTIVATE, Scope.CARDS_READ},
    ),
    CallerKind.DEPARTMENT: frozenset(
        {Scope.AUTHENTICATE_OWN_READER, Scope.EVENTS_READ, Scope.VERIFY, Scope.WEBHOOKS_WRITE}
    ),
}
"""The most each kind may hold. An officer cannot begin a visit and a kiosk cannot touch a card's life, whatever a row
in the database says."""

OUT_OF_SERVICE: Final = frozenset({Scope.FLEET_REPORT})
"""All that a caller may do while it is out of service: it hears when it is over. A kiosk may always do it."""


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
