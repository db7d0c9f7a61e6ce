"""Incidents at departments, and whom to call there."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime
from uuid import UUID

from cardsvc.client.calls import Calls
from cardsvc.wire import incidents as wire


class IncidentCalls(Calls):
    """Every method raises ServiceProblem and ServiceUnreachable."""

    def contact(self, department: str) -> wire.Contact | None:
        """Whom to call at a department: one's own, or as an administrator any."""
        return self._get(f"/v1/departments/{department}/contact", wire.DepartmentContact).contact

    def set_contact(self, department: str, contact: wire.Contact) -> wire.Contact | None:
        """Say whom to call there."""
        return self._put(f"/v1/departments/{department}/contact", contact, wire.DepartmentContact).contact

    def report_incident(self, what: str, since: datetime, pseudonyms: Sequence[str] = ()) -> wire.Incident:
        """Tell, as a department, that something went wrong, and whom it may affect: a thousand people at most."""
        report = wire.IncidentReport(what=what, since=since, pseudonyms=list(pseudonyms))
        return self._post("/v1/incidents", report, wire.Incident)

    def incidents(self, state: wire.IncidentState | None = None) -> Iterator[wire.Incident]:
        """What was reported, newest first: by oneself, or as an administrator by all."""
        return (
            row
            for page in self._pages("/v1/incidents", wire.IncidentList, state=None if state is None else state.value)
            for row in page.incidents
        )

    def close_incident(self, incident_id: UUID, resolution: str) -> wire.Incident:
        """Say, as an administrator, what came of it."""
        return self._post(
            f"/v1/incidents/{incident_id}/close", wire.IncidentClosure(resolution=resolution), wire.Incident
        )
