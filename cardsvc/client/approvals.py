"""Approvals: what takes two people."""

from __future__ import annotations

from collections.abc import Iterator
from uuid import UUID

from cardsvc.client.calls import Calls
from cardsvc.wire.approvals import Approval, ApprovalKind, ApprovalList, ApprovalRefusal, ApprovalRequest, ApprovalState


class ApprovalCalls(Calls):
    """Every method raises ServiceProblem and ServiceUnreachable."""

    def request_approval(self, kind: ApprovalKind, subject_id: UUID, reason: str) -> Approval:
        """Ask a colleague. ``subject_id`` is what `ApprovalKind` says for the kind."""
        request = ApprovalRequest(kind=kind, subject_id=subject_id, reason=reason)
        return self._post("/v1/approvals", request, Approval)

    def approvals(self, *states: ApprovalState, subject_id: UUID | None = None) -> Iterator[Approval]:
        """In these states, newest first; without any, those that something may still come of."""
        return (
            row
            for page in self._pages(
                "/v1/approvals", ApprovalList, state=[state.value for state in states], subject_id=subject_id
            )
            for row in page.approvals
        )

    def approve_request(self, approval_id: UUID) -> Approval:
        """Grant what a colleague asked for."""
        return self._post(f"/v1/approvals/{approval_id}/approve", None, Approval)

    def refuse_request(self, approval_id: UUID, reason: str) -> Approval:
        """Refuse what a colleague asked for, or take back what one asked for."""
        return self._post(f"/v1/approvals/{approval_id}/refuse", ApprovalRefusal(reason=reason), Approval)
