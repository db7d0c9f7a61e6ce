"""Investigations, as investigators see them; and how a citizen checks what was released."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from typing import Any
from uuid import UUID

from cardsvc.client.calls import Calls
from cardsvc.client.transport import Repeat
from cardsvc.wire import investigations as wire
from cardsvc.wire.history import AccessHistory
from cardsvc.wire.notes import NoteKey
from cardsvc.wire.people import PersonRecord
from cardsvc.wire.sealed import Opening, SealedBatch, verify_opening


class InvestigationCalls(Calls):
    """Every method raises ServiceProblem and ServiceUnreachable."""

    def investigations(self) -> Iterator[wire.Investigation]:
        """Those that are not released, newest first."""
        pages = self._pages("/v1/investigations", wire.InvestigationList)
        return (row for page in pages for row in page.investigations)

    def request_investigation(self, request: wire.InvestigationRequest) -> wire.Investigation:
        """Ask a colleague to agree."""
        return self._post("/v1/investigations", request, wire.Investigation, Repeat.NEVER)

    def approve_investigation(self, investigation_id: UUID) -> wire.Investigation:
        """Agree to what a colleague asked for."""
        return self._post(f"/v1/investigations/{investigation_id}/approve", None, wire.Investigation, Repeat.NEVER)

    def open_investigated_person(self, investigation_id: UUID) -> PersonRecord:
        """Everything about the person. Goes on record, sealed."""
        return self._post(f"/v1/investigations/{investigation_id}/open", None, PersonRecord, Repeat.NEVER)

    def read_investigated_history(self, investigation_id: UUID, cursor: str | None = None) -> AccessHistory:
        """The person's access history, newest first; or what follows the ``next`` of a page. Goes on record, sealed."""
        request = wire.InvestigationHistoryRequest(cursor=cursor)
        return self._post(f"/v1/investigations/{investigation_id}/access-history", request, AccessHistory, Repeat.NEVER)

    def release_investigation(self, investigation_id: UUID) -> wire.Investigation:
        """Ask that the person may read it before its date; or, when a colleague has asked, let them."""
        return self._post(f"/v1/investigations/{investigation_id}/release", None, wire.Investigation, Repeat.NEVER)

    def sealed_batch(self, day: date) -> SealedBatch:
        """The commitments of a day, with the log's receipt: for anybody."""
        return self._get(f"/v1/audit/sealed-batches/{day.isoformat()}", SealedBatch)

    def verify_opening(self, opening: Opening, key: NoteKey) -> dict[str, Any]:
        """The content of a released entry (`AccessEntry.sealed`), once it is proved to be what was committed to.

        ``key`` is the log's, as the ceremony's witness wrote it down. Raises OpeningFalse, NoteInvalid, ProofInvalid.
        """
        return verify_opening(opening, self.sealed_batch(opening.day), key)
