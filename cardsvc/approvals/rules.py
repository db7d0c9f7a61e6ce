"""The kinds of approval as data: who may ask, who may use the yes, and for how long it is good."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from enum import Enum, auto
from typing import Final

from cardsvc.wire.approvals import ApprovalKind
from cardsvc.wire.scopes import Scope


class Spender(Enum):
    """Who may do what was approved."""

    REQUESTER = auto()
    """Whoever asked, and nobody else."""
    NOT_APPROVER = auto()
    """Whoever asked, the desk they sit at, or a colleague who takes over; not the one who said yes."""


@dataclass(frozen=True, slots=True)
class Rule:
    """What holds for one kind."""

    scope: Scope
    """What the officer who asks must be allowed besides asking: the act itself."""
    waits: timedelta
    """How long a request may wait for its decision."""
    lasts: timedelta
    """How long a yes may be used."""
    spender: Spender = Spender.NOT_APPROVER
    tells_whom: bool = False
    """Whether whom it is about is told by using the yes: until then no record says so."""


_MINUTES: Final = timedelta(minutes=10)
_DAY: Final = timedelta(days=1)
_WEEK: Final = timedelta(days=7)

RULES: Final[Mapping[ApprovalKind, Rule]] = {
    ApprovalKind.PUK_RELEASE: Rule(Scope.CARDS_PERSONALISE, _MINUTES, _MINUTES),
    ApprovalKind.REINSTATEMENT: Rule(Scope.CARDS_REVOKE, _DAY, _DAY),
    ApprovalKind.STOCK_WRITE_OFF: Rule(Scope.STOCK_WRITE, _WEEK, _DAY),
    ApprovalKind.DEATH: Rule(Scope.CARDS_REVOKE, timedelta(days=30), _DAY),
    ApprovalKind.DEATH_REVERSAL: Rule(Scope.APPLICATIONS_WRITE, _WEEK, _WEEK),
    ApprovalKind.ROLE_GRANT: Rule(Scope.OFFICERS_WRITE, _DAY, _DAY, Spender.REQUESTER),
    ApprovalKind.POLICY_PUBLICATION: Rule(Scope.DEPARTMENTS_WRITE, _WEEK, _DAY),
    ApprovalKind.FLEET_PLAN: Rule(Scope.CALLERS_WRITE, _WEEK, _DAY),
    ApprovalKind.ERASURE: Rule(Scope.PEOPLE_ERASE, _WEEK, _DAY),
    ApprovalKind.REIDENTIFICATION: Rule(Scope.PEOPLE_REIDENTIFY, _WEEK, _DAY, Spender.REQUESTER, tells_whom=True),
    ApprovalKind.KEY_CEREMONY: Rule(Scope.APPROVALS_REQUEST, _DAY, _DAY, Spender.REQUESTER),
}
