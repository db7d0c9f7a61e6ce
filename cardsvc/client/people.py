"""People, as the service's callers see them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final
from uuid import UUID

from pydantic import TypeAdapter

from cardsvc.client.calls import Calls, query_of
from cardsvc.client.transport import Repeat
from cardsvc.wire import people as wire
from cardsvc.wire.approvals import Approval
from cardsvc.wire.history import AccessHistory, AccessHistoryRequest
from cardsvc.wire.lifecycle import Person
from cardsvc.wire.lives import PersonLife
from cardsvc.wire.own_cards import OwnCard, OwnCards, OwnCardsRequest, OwnLoss, OwnLossRequest
from cardsvc.wire.reidentification import DepartmentPseudonym, Reidentification, ReidentificationRequest, Reidentified

_guardians: Final[TypeAdapter[list[wire.Guardian]]] = TypeAdapter(list[wire.Guardian])


class PeopleCalls(Calls):
    """Every method raises ServiceProblem and ServiceUnreachable."""

    def search_people(self, request: wire.SearchRequest) -> wire.FoundPeople:
        """Look for people; they come masked."""
        return self._post("/v1/people/search", request, wire.FoundPeople, Repeat.NEVER)

    def find_duplicates(self, person: Person, reference: str | None = None) -> wire.FoundPeople:
        """Who may be this person already?"""
        request = wire.DuplicatesRequest(person=person, reference=reference)
        return self._post("/v1/people/duplicates", request, wire.FoundPeople, Repeat.NEVER)

    def open_person(self, citizen_id: UUID, purpose: wire.Purpose, reference: str | None = None) -> wire.PersonRecord:
        """Everything about a person. Goes on record."""
        request = wire.Occasion(purpose=purpose, reference=reference)
        return self._post(f"/v1/people/{citizen_id}/open", request, wire.PersonRecord, Repeat.NEVER)

    def person_versions(self, citizen_id: UUID, purpose: wire.Purpose) -> wire.PersonVersions:
        """What was known before each correction. Goes on record."""
        path, occasion = f"/v1/people/{citizen_id}/versions", wire.Occasion(purpose=purpose)
        return self._post(path, occasion, wire.PersonVersions, Repeat.NEVER)

    def person_life(self, citizen_id: UUID, purpose: wire.Purpose, reference: str | None = None) -> PersonLife:
        """What became of a person's applications and cards. Goes on record."""
        occasion = wire.Occasion(purpose=purpose, reference=reference)
        return self._post(f"/v1/people/{citizen_id}/life", occasion, PersonLife, Repeat.NEVER)

    def correct_person(self, citizen_id: UUID, request: wire.CorrectionRequest) -> wire.CorrectedPerson:
        """Change what is known about a person."""
        return self._post(f"/v1/people/{citizen_id}/corrections", request, wire.CorrectedPerson)

    def appoint_guardian(self, citizen_id: UUID, guardian_id: UUID, relation: wire.Relation) -> list[wire.Guardian]:
        """Let somebody act for a person; everybody who may then."""
        request = wire.GuardianRequest(guardian_id=guardian_id, relation=relation)
        path = f"/v1/people/{citizen_id}/guardians"
        return _guardians.validate_json(self._read_bytes("POST", path, request, Repeat.WITH_KEY))

    def dismiss_guardian(self, citizen_id: UUID, guardian_id: UUID) -> list[wire.Guardian]:
        """Let somebody act for a person no more; who still may."""
        path = f"/v1/people/{citizen_id}/guardians/{guardian_id}/dismiss"
        return _guardians.validate_json(self._read_bytes("POST", path, None, Repeat.WITH_KEY))

    def erase_person(self, citizen_id: UUID) -> wire.ErasureDone:
        """Erase a person, once a colleague has approved it."""
        return self._post(f"/v1/people/{citizen_id}/erase", None, wire.ErasureDone)

    def request_reidentification(self, department: str, pseudonym: str, reason: str) -> Approval:
        """Ask a colleague to agree to finding out whom a department knows by a name."""
        request = ReidentificationRequest(department=department, pseudonym=pseudonym, reason=reason)
        return self._post("/v1/reidentifications/requests", request, Approval)

    def reidentification_request(self, subject_id: UUID) -> DepartmentPseudonym:
        """Which name a colleague wants to find out about, by the subject of the approval."""
        return self._get(f"/v1/reidentifications/requests/{subject_id}", DepartmentPseudonym)

    def reidentify(
        self, department: str, pseudonym: str, purpose: wire.Purpose, reference: str | None = None
    ) -> Reidentified:
        """Whom a department knows by a name, once a colleague has agreed. Goes on record, for the citizen to read."""
        occasion = Reidentification(department=department, pseudonym=pseudonym, purpose=purpose, reference=reference)
        return self._post("/v1/reidentifications", occasion, Reidentified, Repeat.NEVER)

    def access_history(self, citizen_id: UUID, cursor: str | None = None) -> AccessHistory:
        """Who looked at a person's data, newest first, and how often in all: for auditors. Goes on record."""
        return self._get(f"/v1/people/{citizen_id}/access-history" + query_of({"cursor": cursor}), AccessHistory)

    def own_access_history(self, visit_token: str, cursor: str | None = None) -> AccessHistory:
        """Who looked at the data of the citizen who stands here; the newest, or those at the ``next`` of a page."""
        request = AccessHistoryRequest(visit_token=visit_token, cursor=cursor)
        return self._post("/v1/visits/access-history", request, AccessHistory, Repeat.NEVER)

    def own_cards(self, visit_token: str) -> list[OwnCard]:
        """The cards of the citizen who stands here."""
        return self._post("/v1/visits/cards", OwnCardsRequest(visit_token=visit_token), OwnCards, Repeat.NEVER).cards

    def report_other_card(self, visit_token: str) -> OwnLoss:
        """Report the other card of the citizen who stands here lost: the one that is on hold since it was forgotten."""
        return self._post("/v1/visits/loss-report", OwnLossRequest(visit_token=visit_token), OwnLoss)

    def store_photo(self, citizen_id: UUID, picture: bytes) -> wire.PhotoInfo:
        """Keep a photograph: JPEG or PNG."""
        path = f"/v1/people/{citizen_id}/photo"
        return wire.PhotoInfo.model_validate_json(self._send_file("PUT", path, picture, Repeat.FREELY))

    def open_photo(self, citizen_id: UUID, purpose: wire.Purpose, reference: str | None = None) -> bytes:
        """The photograph as JPEG. Goes on record."""
        request = wire.Occasion(purpose=purpose, reference=reference)
        return self._read_bytes("POST", f"/v1/people/{citizen_id}/photo/open", request, Repeat.NEVER)

    def attach_document(
        self, application_id: UUID, kind: wire.DocumentKind, scan: bytes, *, key: str | None = None
    ) -> wire.Document:
        """Attach a PDF, JPEG or PNG to an application. ``key`` as in `create_application`."""
        path = f"/v1/applications/{application_id}/documents?kind={kind.value}"
        return wire.Document.model_validate_json(self._send_file("POST", path, scan, Repeat.WITH_KEY, key))

    def documents(self, application_id: UUID) -> Iterator[wire.Document]:
        """What documents an application has."""
        return (
            row
            for page in self._pages(f"/v1/applications/{application_id}/documents", wire.DocumentList)
            for row in page.documents
        )

    def open_document(self, application_id: UUID, document_id: UUID, purpose: wire.Purpose) -> bytes:
        """A scanned document. Goes on record."""
        path = f"/v1/applications/{application_id}/documents/{document_id}/open"
        return self._read_bytes("POST", path, wire.Occasion(purpose=purpose), Repeat.NEVER)

    def remove_document(self, application_id: UUID, document_id: UUID) -> list[wire.Document]:
        """Take a wrong scan away from a draft; what is left."""
        path = f"/v1/applications/{application_id}/documents/{document_id}"
        content = self._read_bytes("DELETE", path, None, Repeat.NEVER)
        return wire.DocumentList.model_validate_json(content).documents
