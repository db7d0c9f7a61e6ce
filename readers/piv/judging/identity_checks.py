"""One card, one name: FASC-N and card UUID wherever they stand."""

from __future__ import annotations

from collections import Counter
from collections.abc import Hashable, Iterator, Mapping
from typing import Final, TypeVar
from uuid import UUID

from cryptography import x509

from readers.errors import CardInconsistent
from readers.piv.identifiers import ENTRY_UUID, PIV_FASC_N, KeyReference
from readers.piv.judging.certificate_checks import name_of
from readers.piv.judging.evidence import Biometric, Evidence
from readers.piv.judging.names import named_fasc_ns, named_uuids, octets
from readers.piv.judging.verdict import Code

_Name = TypeVar("_Name", bound=Hashable)

_NAMED_IN: Final = (KeyReference.PIV_AUTHENTICATION, KeyReference.CARD_AUTHENTICATION)
"""Whose certificates must name the card (FIPS 201-3 §4.2.2)."""
_OUTSIDE_THE_SCHEME: Final = 9999
"""Agency code of cards that are known by their UUID alone: their FASC-Ns are all alike."""
_NIL: Final = UUID(int=0)
"""The GUID of cards from before FIPS 201-2, which had none."""


def check_names(evidence: Evidence) -> None:
    """All parts name the same card. Who differs from most is at fault; without a majority the CHUID is right."""
    fasc_ns: dict[str, set[bytes]] = {}
    uuids: dict[str, set[UUID]] = {}
    if evidence.chuid is not None:
        fasc_ns["CHUID"] = {bytes(evidence.chuid.fasc_n)}
        uuids["CHUID"] = {evidence.chuid.guid} - {_NIL}
    for where, part in _parts(evidence):
        try:
            fasc_ns[where], uuids[where] = _names_of(part)
        except CardInconsistent as error:
            evidence.find(Code.OBJECT_MALFORMED, where, detail=error)
    for where in _odd_ones(fasc_ns):
        evidence.find(Code.FASC_N_DIFFERS, where, found=" ".join(sorted(name.hex() for name in fasc_ns[where])))
    for where in _odd_ones(uuids):
        evidence.find(Code.UUID_DIFFERS, where, found=" ".join(sorted(map(str, uuids[where]))))
    for key in _NAMED_IN:
        where = name_of(key)
        if where in uuids and not uuids[where] and not (fasc_ns[where] and _in_the_scheme(evidence)):
            evidence.find(Code.NAME_MISSING, where)


def _parts(evidence: Evidence) -> Iterator[tuple[str, x509.Certificate | Biometric]]:
    for key, certificate in evidence.certificates.items():
        yield name_of(key), certificate
    for object_id, biometric in evidence.biometrics.items():
        yield object_id.name, biometric


def _names_of(part: x509.Certificate | Biometric) -> tuple[set[bytes], set[UUID]]:
    if isinstance(part, x509.Certificate):
        return named_fasc_ns(part), named_uuids(part)
    attributes = part.signed.attributes if part.signed else {}
    fasc_n, uuid = (attributes.get(oid.dotted_string) for oid in (PIV_FASC_N, ENTRY_UUID))
    fasc_ns = {part.frame.fasc_n, *([octets(fasc_n)] if fasc_n else [])}
    return fasc_ns, {_uuid(octets(uuid))} if uuid else set()


def _uuid(raw: bytes) -> UUID:
    if len(raw) != 16:
        raise CardInconsistent("a signed card UUID has not 16 bytes")
    return UUID(bytes=raw)


def _odd_ones(names: Mapping[str, set[_Name]]) -> list[str]:
    """Where another name stands than in most places."""
    counts = Counter(name for found in names.values() for name in found)
    if len(counts) < 2:
        return []
    most = max(counts.values())
    likeliest = {name for name, count in counts.items() if count == most}
    right = likeliest & names.get("CHUID", set()) or likeliest
    chosen = min(right, key=str)
    return [where for where, found in names.items() if found - {chosen}]


def _in_the_scheme(evidence: Evidence) -> bool:
    return evidence.chuid is not None and evidence.chuid.fasc_n.agency_code != _OUTSIDE_THE_SCHEME
