"""The audit log, as its auditors and witnesses see it."""

from __future__ import annotations

from uuid import UUID

from cardsvc.client.calls import Calls
from cardsvc.client.transport import Repeat, check
from cardsvc.wire.audit import ConsistencyProof, InclusionProof, LogEntries, Receipt


class AuditCalls(Calls):
    """Every method raises ServiceProblem and ServiceUnreachable.

    What comes back is hearsay until it is verified: with `Checkpoint.open`, `verify_inclusion`, `verify_consistency`
    and `Receipt.verify`.
    """

    def audit_key(self) -> str:
        """The log's verifier key, for `NoteKey.parse`. Compare it with the one you were given otherwise."""
        return self._read_text("/v1/audit/key").strip()

    def audit_checkpoint(self) -> str:
        """The last checkpoint, a signed note."""
        return self._read_text("/v1/audit/checkpoint")

    def audit_entries(self, start: int, limit: int) -> LogEntries:
        """Up to ``limit`` entries (1000 at most), each as the text that is hashed."""
        return self._get(f"/v1/audit/entries?start={start}&limit={limit}", LogEntries)

    def audit_inclusion(self, index: int, size: int) -> InclusionProof:
        """That an entry is in the tree of a size."""
        return self._get(f"/v1/audit/proofs/inclusion?index={index}&size={size}", InclusionProof)

    def audit_consistency(self, first: int, second: int) -> ConsistencyProof:
        """That the tree of one size is the beginning of that of another."""
        return self._get(f"/v1/audit/proofs/consistency?from={first}&to={second}", ConsistencyProof)

    def audit_receipt(self, record_id: UUID) -> Receipt:
        """What the log says about a record."""
        return self._get(f"/v1/audit/records/{record_id}/receipt", Receipt)

    def _read_text(self, path: str) -> str:
        """Of what is open to anybody."""
        response = self._transport.send("GET", path, repeat=Repeat.FREELY)
        check(response)
        return response.text
