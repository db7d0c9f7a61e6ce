"""Judge a card, or a dump of one: a table of checks over the same evidence."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Final

from readers.certificates import public_key_of
from readers.piv.identifiers import CERTIFICATE_OBJECTS, KeyReference, ObjectId
from readers.piv.judging.certificate_checks import (
    check_keys,
    check_lifetimes,
    check_paths,
    check_policies,
    check_usages,
    name_of,
)
from readers.piv.judging.evidence import Evidence, KeyProof, Trust
from readers.piv.judging.gathering import gather
from readers.piv.judging.identity_checks import check_names
from readers.piv.judging.object_checks import (
    check_biometrics,
    check_discovery,
    check_expiry,
    check_hashes,
    check_presence,
)
from readers.piv.judging.proofs import Refusal
from readers.piv.judging.verdict import Code, Depth, Finding, Verdict

_NOTHING: Final[Mapping[KeyReference, KeyProof]] = {}


def judge_objects(
    objects: Mapping[ObjectId, bytes],
    trust: Trust,
    at: datetime,
    *,
    proofs: Mapping[KeyReference, KeyProof] | None = None,
    depth: Depth = Depth.FULL,
    contactless: bool = False,
) -> Verdict:
    """Judge the contents of a card (of its 53 containers, of the 7E of discovery) as they stand at ``at``.

    ``proofs`` is what its keys did when challenged; keys without one are not judged. ``depth`` says what was read:
    at `Depth.TAP`, objects that want a PIN are left out, and what a contactless reader is not given is not missed.
    Raises nothing over what a card holds.
    """
    if at.tzinfo is None:
        raise ValueError("a time without its time zone")
    seen = {key: value for key, value in objects.items() if depth is Depth.FULL or key not in BEHIND_THE_PIN}
    evidence = gather(seen, proofs or _NOTHING, trust, at, contactless=contactless)
    for check in CHECKS:
        check(evidence)
    findings = [finding for finding in evidence.findings if not _explained(finding, evidence)]
    return Verdict(depth, tuple(sorted(findings, key=lambda finding: (-finding.severity, finding.code, finding.where))))


BEHIND_THE_PIN: Final = frozenset(
    {
        ObjectId.FINGERPRINTS,
        ObjectId.FACIAL_IMAGE,
        ObjectId.IRIS_IMAGES,
        ObjectId.PRINTED_INFORMATION,
        ObjectId.PAIRING_CODE,
    }
)
"""Objects that a card gives after its PIN alone (SP 800-73-5 part 1 table 2)."""


def _check_proofs(evidence: Evidence) -> None:
    """The keys in the card are those of the certificates."""
    for key, proof in evidence.proofs.items():
        certificate = evidence.certificates.get(key)
        public_key = public_key_of(certificate) if certificate is not None else None
        if isinstance(proof, Refusal):
            evidence.find(Code.KEY_UNUSABLE, name_of(key), detail=proof.detail)
        elif public_key is not None and not proof.holds_for(public_key):
            evidence.find(Code.KEY_DIFFERS, name_of(key))


CHECKS: Final[tuple[Callable[[Evidence], None], ...]] = (
    check_presence,
    check_expiry,
    check_hashes,
    check_biometrics,
    check_discovery,
    check_paths,
    check_usages,
    check_policies,
    check_keys,
    check_lifetimes,
    check_names,
    _check_proofs,
)
"""Their order is of no consequence."""

_OBJECT_OF: Final = {name_of(key): object_id.name for key, object_id in CERTIFICATE_OBJECTS.items()}

_CONSEQUENCES: Final[Mapping[Code, frozenset[Code]]] = {
    # Who altered an object altered its hash too, and what it says is nobody's word.
    Code.SIGNATURE_WRONG: frozenset({Code.HASH_WRONG, Code.FASC_N_DIFFERS, Code.UUID_DIFFERS}),
    Code.SIGNED_FOR_SOMETHING_ELSE: frozenset({Code.HASH_WRONG}),
    Code.CERTIFICATE_FORGED: frozenset(
        {
            Code.HASH_WRONG,
            Code.FASC_N_DIFFERS,
            Code.UUID_DIFFERS,
            Code.SUBJECT_KEY_IDENTIFIER_WRONG,
            Code.KEY_DIFFERS,
            Code.CERTIFICATE_OUTLIVES_CARD,
        }
    ),
    Code.OBJECT_MALFORMED: frozenset({Code.HASH_WRONG}),
}
"""Findings about the same part of a card that another finding brings about."""


def _explained(finding: Finding, evidence: Evidence) -> bool:
    """Whether it only follows from another finding."""
    if finding.code is Code.CERTIFICATE_OUTLIVES_CARD and any(f.code is Code.CHUID_EXPIRED for f in evidence.findings):
        return True  # after its end every certificate that is valid outlives a card
    return any(
        finding.code in _CONSEQUENCES.get(other.code, ()) and _same_part(finding.where, other.where)
        for other in evidence.findings
    )


def _same_part(one: str, other: str) -> bool:
    return _OBJECT_OF.get(one, one) == _OBJECT_OF.get(other, other)
