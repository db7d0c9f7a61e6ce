"""Is the photograph on a card the one that the issuer put there? Looked at before anybody compares a face with it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Final

from readers.errors import CardInconsistent, CardNotAuthenticated
from readers.piv.identifiers import ObjectId
from readers.piv.judging.certificate_checks import check_paths, check_policies, check_usages
from readers.piv.judging.evidence import Evidence, Trust
from readers.piv.judging.gathering import gather
from readers.piv.judging.identity_checks import check_names
from readers.piv.judging.object_checks import check_biometrics, check_hashes
from readers.piv.judging.verdict import Code, Severity
from readers.piv.photograph import Photograph, photograph_of

VOUCHING: Final = (ObjectId.CHUID, ObjectId.SECURITY_OBJECT, ObjectId.FACIAL_IMAGE)
"""What is looked at."""
_CHECKS: Final[tuple[Callable[[Evidence], None], ...]] = (
    check_hashes,
    check_biometrics,
    check_paths,
    check_usages,
    check_policies,
    check_names,
)
_ANOTHERS: Final = frozenset({Code.UUID_DIFFERS, Code.FASC_N_DIFFERS, Code.HASH_WRONG, Code.HASH_MISSING})
"""Every part is the issuer's, but not of one card."""


def trusted_photograph(objects: Mapping[ObjectId, bytes], trust: Trust, at: datetime) -> Photograph:
    """The photograph among `VOUCHING` objects of one card: signed by the issuer, for this card, and hashed with it.

    That the CHUID is that of the card in the reader, the card proves by its keys. Raises CardNotAuthenticated when
    the issuer's word is missing or wrong, CardInconsistent when it is about another card, ProtocolError when the
    record holds no picture.
    """
    evidence = gather({one: objects[one] for one in VOUCHING if one in objects}, {}, trust, at)
    for check in _CHECKS:
        check(evidence)
    found = {finding.code for finding in evidence.findings if finding.severity > Severity.NOTE}
    face = evidence.biometrics.get(ObjectId.FACIAL_IMAGE)
    if evidence.hashes is None or evidence.chuid is None or face is None or face.signed is None or found - _ANOTHERS:
        raise CardNotAuthenticated(f"the photograph is not the issuer's: {_listed(found)}")
    content = objects[ObjectId.FACIAL_IMAGE]
    if found or not evidence.hashes.covers(ObjectId.FACIAL_IMAGE, content):
        raise CardInconsistent(f"the photograph is another card's: {_listed(found)}")
    return photograph_of(content)


def _listed(found: set[Code]) -> str:
    return ", ".join(sorted(found)) or "not signed for"
