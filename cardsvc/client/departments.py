"""Departments and their policies, as administrators' tools see them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from uuid import UUID

from cardsvc.client.calls import Calls
from cardsvc.wire import departments as wire
from cardsvc.wire.policies import Coverage, PolicyTerms


class DepartmentCalls(Calls):
    """Every method raises ServiceProblem and ServiceUnreachable."""

    def departments(self) -> Iterator[wire.Department]:
        """All departments, those that were shut out too."""
        return (row for page in self._pages("/v1/departments", wire.DepartmentList) for row in page.departments)

    def add_department(self, code: str, title: str, public_jwk: dict[str, Any]) -> wire.Department:
        """Let a department take part; it is told nothing until a policy is published for it."""
        request = wire.DepartmentRequest(code=code, title=title, public_jwk=public_jwk)
        return self._post("/v1/departments", request, wire.Department)

    def rename_department(self, code: str, title: str) -> wire.Department:
        """Change what a department is called."""
        return self._patch(f"/v1/departments/{code}", wire.DepartmentChange(title=title), wire.Department)

    def policies(self, code: str) -> wire.PolicyHistory:
        """Every version of a department's policy, and the drafts that are not published."""
        pages = list(self._pages(f"/v1/departments/{code}/policies", wire.PolicyHistory))
        policies = [policy for page in pages for policy in page.policies]
        return wire.PolicyHistory(policies=policies, drafts=pages[0].drafts)

    def coverage(self) -> Coverage:
        """As a kiosk: which services of departments their policies cover."""
        return self._get("/v1/coverage", Coverage)

    def draft_policy(self, code: str, terms: PolicyTerms, reason: str) -> wire.PolicyDraft:
        """Ask a colleague to agree to what a department may learn; the approval is in the answer."""
        request = wire.PolicyDraftRequest(**dict(terms), reason=reason)
        return self._post(f"/v1/departments/{code}/policies", request, wire.PolicyDraft)

    def policy_draft(self, draft_id: UUID) -> wire.PolicyDraft:
        """A draft, as whoever is to approve it sees it."""
        return self._get(f"/v1/policy-drafts/{draft_id}", wire.PolicyDraft)

    def publish_policy(self, draft_id: UUID) -> wire.Policy:
        """Put a draft in force that a colleague approved."""
        return self._post(f"/v1/policy-drafts/{draft_id}/publish", None, wire.Policy)
