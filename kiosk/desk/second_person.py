"""The second person of what takes two: a colleague at the same desk, for one decision, with their own card and PIN.

Their card goes into the reader for citizens' cards: whoever is on duty stays signed in, and both are seen by the card
service as who they are. That it is somebody else, and may decide, the service says and not the desk.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import Final, TypeVar
from uuid import UUID

from cardsvc.client import ServiceClient, ServiceProblem
from cardsvc.wire.approvals import Approval, ApprovalKind
from kiosk.desk.progress import Report
from kiosk.desk.seat import Seat
from readers.connection import CardReader
from readers.piv.pin import Pin

T = TypeVar("T")

_NOBODY_ASKS: Final = Report()
_LOOK_SECONDS: Final = 0.3
"""How soon it is heard that nobody waits any more."""


class Arrival(StrEnum):
    """What is waited for."""

    TAKE_OUT = "take-out"
    PUT_IN = "put-in"


@dataclass(frozen=True, slots=True)
class SecondPerson:
    """Where a colleague decides."""

    seat: Seat
    reader: Callable[[], CardReader]

    def arrives(self, report: Report) -> None:
        """Wait until somebody puts a card in; one that is there already has to come out first.

        The PIN that is asked for next is a colleague's: it must not be tried on the card of whoever stands at the desk.
        Raises Cancelled, ReaderError.
        """
        reader = self.reader()
        report.step(Arrival.TAKE_OUT, 0, len(Arrival))
        while not reader.wait_for_removal(_LOOK_SECONDS):
            report.check()
        report.step(Arrival.PUT_IN, 1, len(Arrival))
        while not reader.wait_for_card(_LOOK_SECONDS):
            report.check()

    def decides(
        self, pin: Pin, decision: Callable[[ServiceClient], T], act: UUID | None = None, report: Report = _NOBODY_ASKS
    ) -> T:
        """Have the colleague whose card is in the reader do this one thing; they are signed out after it.

        Under the same ``act`` the same colleague does it once, however often they say yes. Raises what `Seat.taken`
        raises, what the decision does (same-person, insufficient-scope, …), and Cancelled: nothing was decided then.
        """
        with self.seat.taken(self.reader(), pin, report.check) as sitting:
            officer = sitting.officer if act is None else sitting.officer.under(act)
            report.check()
            return decision(officer)


def asked(officer: ServiceClient, kind: ApprovalKind, subject_id: UUID, reason: str) -> Approval:
    """Ask for an approval, in the name of whoever is on duty.

    Where the same was asked for and nothing has come of it yet, that is it: it may have been granted meanwhile. Raises
    ServiceProblem, ServiceUnreachable.
    """
    try:
        return officer.request_approval(kind, subject_id, reason)
    except ServiceProblem as refused:
        known = refused.problem.data.get("approval_id")
        for approval in officer.approvals(subject_id=subject_id) if known else ():
            if str(approval.id) == known:
                return approval
        raise


def granting(approval_id: UUID) -> Callable[[ServiceClient], Approval]:
    """The decision of a colleague who says yes."""
    return lambda colleague: colleague.approve_request(approval_id)
