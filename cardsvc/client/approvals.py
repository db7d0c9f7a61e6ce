"""Approvals: what takes two people."""

from __future__ import annotations

from uuid import UUID

from cardsvc.client.calls import Calls
from cardsvc.wire.approvals import Approval, ApprovalKind, ApprovalList, ApprovalRefusal, ApprovalRequest, ApprovalState


class ApprovalCalls(Calls):
    """Every method raises ServiceProblem and ServiceUnreachable."""

    def request_approval(self, kind: ApprovalKind, subject_id: UUID, reason: str) -> Approval:
        """Ask a colleague. ``subject_id`` is what `ApprovalKind` says for the kind."""
        request = ApprovalRequest(kind=kind, subject_id=subject_id, reason=reason)
        return self._post("/v1/approvals", request, Approval)

    def approvals(self, *states: ApprovalState, subject_id: UUID | None = None) -> list[Approval]:
        """In these states, newest first; without any, those that something may still come of."""
        parameters = [f"state={state.value}" for state in states]
        parameters += [] if subject_id is None else [f"subject_id={subject_id}"]
        return self._get("/v1/approvals?" + "&".join(parameters), ApprovalList).approvals

    def approve_request(self, approval_id: UUID) -> Approval:
        """Grant what a colleague asked for."""
        return self._post(f"/v1/approvals/{approval_id}/approve", None, Approval)

    def refuse_request(self, approval_id: UUID, reason: str) -> Approval:
        """Refuse what a colleague asked for, or take back what one asked for."""
        return self._post(f"/v1/approvals/{approval_id}/refuse", ApprovalRefusal(reason=reason), Approval)
