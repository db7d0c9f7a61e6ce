"""What somebody has with all departments at once: what is new, unasked after the PIN, and how everything stands.

Each department is asked under the name that it knows the person by, in a request of its own, all at the same time and
once. What has not answered after some seconds is left out, so that no department holds up a visit. Nothing is told to
any of them: the assertion has no attributes. `MOST` bounds how many are asked, `MOST_LINES` how much each may say: it
is shown to everybody who enters a PIN, and one department's ten thousand lines would be on every screen.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, wait
from typing import Final, Protocol
from uuid import UUID, uuid4

import structlog

from cardsvc.client import ServiceProblem, ServiceUnreachable
from cardsvc.wire.manifest import Outcome, OutcomeField, ServiceRequest, Texts, text_in
from kiosk.department_client import DepartmentConfused, DepartmentRefused, DepartmentUnreachable
from kiosk.offers import Offer, Telling

MOST: Final = 12
"""Departments that are asked, in the order in which they are offered."""
MOST_LINES: Final = 50
"""Of one department."""
LONGEST: Final = 2000
"""Characters of what a line says."""
SECONDS: Final = 4.0
"""For all of them together."""

_log = structlog.get_logger()


class Exchange(Protocol):
    """The card service, as far as it is asked here."""

    def exchange(
        self, visit_token: str, department: str, service: str, attributes: Sequence[str], questions: Sequence[str]
    ) -> str:
        """An assertion for one department and one of its services."""


class Departments(Protocol):
    """As `kiosk.department_client.DepartmentClient`."""

    def ask_soon(self, base_url: str, service: str, request: ServiceRequest, key: UUID, seconds: float) -> Outcome:
        """Ask for a service, once and not for long."""


class Gatherer:
    """Asks departments side by side. May be used from several threads."""

    def __init__(
        self,
        service: Exchange,
        departments: Departments,
        offers: Callable[[], tuple[Offer, ...]],
        *,
        seconds: float = SECONDS,
    ) -> None:
        self._service = service
        self._departments = departments
        self._offers = offers
        self._seconds = seconds
        self._hands = ThreadPoolExecutor(MOST, thread_name_prefix="matters")

    def close(self) -> None:
        """Let go; what is being asked ends by itself in some seconds."""
        self._hands.shutdown(wait=True, cancel_futures=True)

    def services(self) -> frozenset[tuple[str, str]]:
        """All that is asked, by department and code."""
        return frozenset(offer.key for offer in self._offers() if offer.telling)

    def gather(self, token: str, telling: Telling) -> tuple[OutcomeField, ...]:
        """What departments tell of the person whose visit it is; each line says which department, and acts there."""
        offers = [offer for offer in self._offers() if offer.telling is telling][:MOST]
        asked = [(offer, self._hands.submit(self._ask, token, offer)) for offer in offers]
        wait([future for _, future in asked], self._seconds)
        return tuple(line for offer, future in asked for line in _told(offer, future))

    def _ask(self, token: str, offer: Offer) -> Outcome:
        service = offer.service
        assertion = self._service.exchange(token, offer.department, service.code, (), ())
        request = ServiceRequest(assertion=assertion)
        return self._departments.ask_soon(offer.base_url, service.code, request, uuid4(), self._seconds)


def _told(offer: Offer, future: Future[Outcome]) -> Iterable[OutcomeField]:
    if not future.done():
        future.cancel()
        _log.warning("matters not told in time", department=offer.department)
        return ()
    try:
        fields = future.result().fields
    except (
        DepartmentConfused,
        DepartmentRefused,
        DepartmentUnreachable,
        ServiceProblem,
        ServiceUnreachable,
    ) as error:
        _log.warning("matters not told", department=offer.department, reason=type(error).__name__)
        return ()
    told = [line for line in fields if len(line.value) <= LONGEST][:MOST_LINES]
    if len(told) < len(fields):
        _log.warning("not all matters told", department=offer.department, told=len(told), of=len(fields))
    return tuple(_placed(line, offer) for line in told)


def _placed(line: OutcomeField, offer: Offer) -> OutcomeField:
    action = line.action and line.action.model_copy(update={"department": offer.department})
    return line.model_copy(update={"label": _joined(offer.department_titles, line.label), "action": action})


def _joined(before: Texts, after: Texts) -> Texts:
    return {language: f"{text_in(before, language)} · {word}" for language, word in after.items()}
