"""Bringing the journal back: each entry to the service, then each request to its department.

An entry leaves the journal when the service has taken it and its department has answered: done, or no. Until then all
of it is done again, which does no harm: the service takes an entry once, and the department knows the request by its
Idempotency-Key, which comes from the entry's hash. So it does not matter when the kiosk dies.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from http import HTTPStatus
from itertools import takewhile
from typing import Final, Protocol
from uuid import UUID

import structlog

from cardsvc.client import ServiceProblem
from cardsvc.wire.manifest import Outcome, ServiceRequest
from cardsvc.wire.offline_taps import MOST_ENTRIES, JudgedTap, OfflineEntry, OfflineTap, TapVerdict
from kiosk.department_client import DepartmentConfused, DepartmentRefused, DepartmentUnreachable
from kiosk.journal import Entry, Journal
from kiosk.offline.supplies import OfflineService

_log = structlog.get_logger()
_JOURNAL_REFUSED: Final = "journal-refused"


class Departments(Protocol):
    """Asks departments (`kiosk.department_client.DepartmentClient`)."""

    def ask(self, base_url: str, service: str, request: ServiceRequest, key: UUID) -> Outcome:
        """Ask for a service."""


class Bringer:
    """Brings one journal back. For one thread."""

    def __init__(
        self,
        journal: Journal,
        service: OfflineService,
        departments: Departments,
        addresses: Mapping[str, str],
        refused: Callable[[], None],
    ) -> None:
        """``addresses`` are those of the departments, by code; ``refused`` hears that the journal is not taken."""
        self._journal = journal
        self._service = service
        self._departments = departments
        self._addresses = addresses
        self._refused = refused
        self._done: set[int] = set()

    def bring(self) -> bool:
        """Bring what there is; whether nothing is left. Raises ServiceProblem, ServiceUnreachable, OSError."""
        for start in range(0, len(entries := self._journal.unsynchronised()), MOST_ENTRIES):
            batch = entries[start : start + MOST_ENTRIES]
            self._pass_on(batch, self._submit(batch))
            self._note()
        return self._journal.forget()

    def _submit(self, batch: Sequence[Entry]) -> list[JudgedTap]:
        try:
            return self._service.submit_offline_taps([_written(entry) for entry in batch])
        except ServiceProblem as refusal:
            if refusal.problem.code == _JOURNAL_REFUSED:
                _log.error("the service does not take the journal", **refusal.problem.data)
                self._refused()
            raise

    def _pass_on(self, batch: Sequence[Entry], judged: Sequence[JudgedTap]) -> None:
        taken = {tap.sequence: tap for tap in judged}
        for entry in batch:
            tap = taken.get(entry.sequence)
            taken_here = tap is not None and tap.hash == entry.hash and entry.sequence not in self._done
            if tap is not None and taken_here and self._is_settled(entry, tap):
                self._done.add(entry.sequence)

    def _is_settled(self, entry: Entry, tap: JudgedTap) -> bool:
        """Whether nothing more is to be done about it."""
        if tap.assertion is None:
            _log.warning("a tap is not passed on", entry=tap.sequence, verdict=tap.verdict.value, reason=tap.reason)
            return True
        if tap.verdict is TapVerdict.CARD_NOT_IN_FORCE:
            _log.warning("a card was tapped that was not in force", entry=tap.sequence, card=tap.card)
        wanted = OfflineTap.model_validate_json(entry.content)
        address = self._addresses.get(wanted.department)
        if address is None:
            return False
        request = ServiceRequest(assertion=tap.assertion, input=json.loads(entry.beside))
        return self._ask(address, wanted.service, request, key_of(entry))

    def _ask(self, address: str, service: str, request: ServiceRequest, key: UUID) -> bool:
        try:
            self._departments.ask(address, service, request, key)
        except DepartmentRefused as refusal:
            _log.warning("the department said no to a tap", service=service, code=refusal.problem.code)
            return refusal.problem.status < HTTPStatus.INTERNAL_SERVER_ERROR
        except (DepartmentUnreachable, DepartmentConfused) as error:
            _log.warning("a tap cannot be passed on yet", service=service, why=type(error).__name__)
            return False
        return True

    def _note(self) -> None:
        """Strike off what is settled, up to the first that is not."""
        left = [entry.sequence for entry in self._journal.unsynchronised()]
        settled = list(takewhile(self._done.__contains__, left))
        if settled:
            self._journal.mark_synchronised(settled[-1])
            self._done.difference_update(settled)


def key_of(entry: Entry) -> UUID:
    """The Idempotency-Key of the request, the same whenever it is sent."""
    return UUID(bytes=entry.hash[:16], version=4)


def _written(entry: Entry) -> OfflineEntry:
    return OfflineEntry(
        sequence=entry.sequence, previous_hash=entry.previous_hash, content=entry.content, hash=entry.hash
    )
