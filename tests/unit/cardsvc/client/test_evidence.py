"""Evidence that was not signed by this city, for this, at that time, or was changed since, proves nothing."""

from __future__ import annotations

import json
from base64 import b64encode
from collections.abc import Mapping
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding
from hypothesis import given
from hypothesis import strategies as st

from cardsvc.audit.signing import LogSigner
from cardsvc.client import EvidenceFault, EvidenceRefused, EvidenceVerifier
from cardsvc.trust.authority import IssuingAuthority
from cardsvc.trust.keystore import KeyName
from cardsvc.wire import jose
from cardsvc.wire.audit import InclusionProof, Place, promise_text
from cardsvc.wire.base import encode_base64url
from cardsvc.wire.evidence import EVIDENCE_TYP, Evidence
from cardsvc.wire.merkle import leaf_hash
from cardsvc.wire.notes import NoteKey
from tests.fixtures.services import ADDRESSES, NOW

ID = "01890a5d-ac96-774b-bcce-b302099a8057"
LEAF = leaf_hash(b"the record")
AUDIENCE = "urn:citizen-card:department:education"


def der(*certificates: x509.Certificate) -> list[bytes]:
    return [certificate.public_bytes(Encoding.DER) for certificate in certificates]


class Signer:
    """Signs as the service does, or as somebody would who has one part of what that takes."""

    def __init__(self, authority: IssuingAuthority) -> None:
        self.authority = authority
        self.key = ec.generate_private_key(ec.SECP256R1())
        self.log = LogSigner.of(authority.keystore, "https://cards.test")
        self.own = authority.certify_evidence(self.key.public_key(), NOW, timedelta(days=7))

    def claims(self, **changed: Any) -> dict[str, Any]:
        return {
            "iss": "https://cards.test",
            "aud": AUDIENCE,
            "sub": "A" * 43,
            "jti": ID,
            "iat": int(NOW.timestamp()),
            "verified_at": int(NOW.timestamp()),
            "policy_version": 3,
            "verified": {"kind": "standing", "purpose": "benefit-review", "standing": "in-force"},
            "log": str(self.log.key),
            "leaf_hash": encode_base64url(LEAF),
        } | changed

    def compact(
        self,
        *,
        chain: list[x509.Certificate] | None = None,
        key: ec.EllipticCurvePrivateKey | None = None,
        header: Mapping[str, Any] | None = None,
        **changed: Any,
    ) -> str:
        """Put together by hand, so that nothing is kept from what should be refused."""
        private = key or self.key
        chain = [self.own, self.authority.issuing] if chain is None else chain
        protected: dict[str, Any] = {
            "alg": "ES256",
            "kid": "hint",
            "typ": EVIDENCE_TYP,
            "x5c": [b64encode(one).decode() for one in der(*chain)],
        } | dict(header or {})
        protected = {name: value for name, value in protected.items() if value is not None}
        signed = ".".join(encode_base64url(json.dumps(part).encode()) for part in (protected, self.claims(**changed)))
        halves = decode_dss_signature(private.sign(signed.encode(), ec.ECDSA(SHA256())))
        return f"{signed}.{encode_base64url(b''.join(half.to_bytes(32) for half in halves))}"

    def place(self, record: UUID = UUID(ID), leaf: bytes = LEAF) -> Place:
        """The log of one entry."""
        return Place(
            record_id=record,
            inclusion=InclusionProof(index=0, size=1, leaf_hash=leaf, path=[]),
            checkpoint=self.log.checkpoint(1, leaf),
        )

    def evidence(self, **how: Any) -> Evidence:
        return Evidence(evidence=self.compact(**how), place=self.place())


@pytest.fixture(scope="module")
def signer(authority: IssuingAuthority) -> Signer:
    return Signer(authority)


@pytest.fixture(scope="module")
def verifier(authority: IssuingAuthority) -> EvidenceVerifier:
    return EvidenceVerifier([authority.root], audience=AUDIENCE)


def fault(verifier: EvidenceVerifier, evidence: Evidence) -> EvidenceFault:
    with pytest.raises(EvidenceRefused) as caught:
        verifier.verify(evidence)
    return caught.value.fault


def test_the_control_is_accepted(signer: Signer, verifier: EvidenceVerifier) -> None:
    checked = verifier.verify(signer.evidence())
    assert (checked.logged, checked.claims.policy_version, checked.signed_at) == (True, 3, NOW)


def test_a_promise_is_less_than_a_proof_but_not_nothing(signer: Signer, verifier: EvidenceVerifier) -> None:
    record = signer.place().record_id
    promise = signer.log.note(promise_text(signer.log.key.name, record, LEAF, NOW))
    evidence = Evidence(evidence=signer.compact(), place=Place(record_id=record, promise=promise))
    assert verifier.verify(evidence).logged is False
    other = signer.log.note(promise_text(signer.log.key.name, record, leaf_hash(b"another"), NOW))
    assert fault(verifier, evidence.model_copy(update={"place": Place(record_id=record, promise=other)})) == (
        EvidenceFault.NOT_IN_LOG
    )


def test_another_citys_root_proves_nothing(signer: Signer, authority: IssuingAuthority) -> None:
    other = IssuingAuthority.establish(authority.keystore, ADDRESSES, "Another City", NOW)
    assert fault(EvidenceVerifier([other.root]), signer.evidence()) is EvidenceFault.CERTIFICATE_REFUSED


def test_a_key_certified_for_something_else_signs_no_evidence(signer: Signer, verifier: EvidenceVerifier) -> None:
    """A department has its seal's key and would like to have been told something."""
    seal = signer.authority.certify_seal("Education", signer.key.public_key(), NOW, timedelta(days=30))
    forged = signer.evidence(chain=[seal, signer.authority.issuing])
    assert fault(verifier, forged) is EvidenceFault.CERTIFICATE_REFUSED


@pytest.mark.parametrize("days", [-1, 8, 400])
def test_a_stolen_key_signs_neither_the_past_nor_the_future(
    signer: Signer, verifier: EvidenceVerifier, days: int
) -> None:
    at = int((NOW + timedelta(days=days)).timestamp())
    assert fault(verifier, signer.evidence(iat=at, verified_at=at)) is EvidenceFault.CERTIFICATE_REFUSED


def test_a_certificate_is_of_no_use_without_its_key(signer: Signer, verifier: EvidenceVerifier) -> None:
    other = ec.generate_private_key(ec.SECP256R1())
    assert fault(verifier, signer.evidence(key=other)) is EvidenceFault.MALFORMED


def test_a_certificate_of_a_version_that_there_is_not(signer: Signer, verifier: EvidenceVerifier) -> None:
    (own, issuing) = der(signer.own, signer.authority.issuing)
    version_19 = own.replace(bytes.fromhex("a003020102"), bytes.fromhex("a003020112"), 1)
    chain = [b64encode(one).decode() for one in (version_19, issuing)]
    assert fault(verifier, signer.evidence(header={"x5c": chain})) in {
        EvidenceFault.MALFORMED,
        EvidenceFault.CERTIFICATE_REFUSED,
    }


def test_an_issuer_in_between_that_is_none_makes_no_path(signer: Signer, verifier: EvidenceVerifier) -> None:
    """A certificate for evidence is no authority: its holder certifies nobody."""
    other = Signer(IssuingAuthority.establish(signer.authority.keystore, ADDRESSES, "Own Seal", NOW))
    for chain in ([signer.own], [signer.own, other.authority.issuing], [signer.authority.issuing]):
        assert fault(verifier, signer.evidence(chain=chain)) is EvidenceFault.CERTIFICATE_REFUSED


def test_it_is_for_the_department_that_was_told(signer: Signer, verifier: EvidenceVerifier) -> None:
    other = signer.evidence(aud="urn:citizen-card:department:finance")
    assert fault(verifier, other) is EvidenceFault.WRONG_AUDIENCE


@pytest.mark.parametrize(
    "changed",
    [
        {"iat": True},
        {"iat": "now"},
        {"iat": -1},
        {"iat": 2**70},
        {"iat": None},
        {"sub": "short"},
        {"verified": {"kind": "standing", "purpose": "x", "standing": "splendid"}},
        {"verified": {"kind": "rumour"}},
        {"leaf_hash": "AAAA"},
        {"extra": 1},
        {"verified_at": int(NOW.timestamp()) + 1},
    ],
)
def test_claims_that_make_no_sense_are_none(
    signer: Signer, verifier: EvidenceVerifier, changed: dict[str, Any]
) -> None:
    assert fault(verifier, signer.evidence(**changed)) in {
        EvidenceFault.MALFORMED,
        EvidenceFault.CERTIFICATE_REFUSED,
    }


@pytest.mark.parametrize(
    "header",
    [
        {"typ": "citizen-assertion+jwt"},
        {"typ": None},
        {"x5c": None},
        {"x5c": []},
        {"x5c": ["not base64!"]},
        {"x5c": ["AAAA"]},
        {"x5c": ["AAAA"] * 5},
        {"crit": ["exp"], "exp": 1},
        {"jwk": {"kty": "EC"}},
        {"alg": "none"},
        {"alg": "HS256"},
        {"x5u": "https://elsewhere.test/own.pem"},
    ],
)
def test_headers_are_pinned(signer: Signer, verifier: EvidenceVerifier, header: dict[str, Any]) -> None:
    assert fault(verifier, signer.evidence(header=header)) in {
        EvidenceFault.MALFORMED,
        EvidenceFault.CERTIFICATE_REFUSED,
    }


def test_a_chain_is_for_evidence_alone(signer: Signer) -> None:
    with pytest.raises(jose.JwtRefused):
        jose.parse(signer.compact())
    with pytest.raises(jose.JwtRefused):
        jose.parse(signer.compact(header={"typ": "citizen-assertion+jwt"}))


def test_whoever_stole_the_key_cannot_name_a_log_of_their_own(signer: Signer, authority: IssuingAuthority) -> None:
    theirs = LogSigner(NoteKey("cards.test/audit", (stolen := Ed25519PrivateKey.generate()).public_key()), stolen.sign)
    place = signer.place().model_copy(update={"checkpoint": theirs.checkpoint(1, LEAF)})
    forged = Evidence(evidence=signer.compact(log=str(theirs.key)), place=place)
    assert EvidenceVerifier([authority.root]).verify(forged).logged
    knowing = EvidenceVerifier([authority.root], log=str(signer.log.key))
    assert fault(knowing, forged) is EvidenceFault.ANOTHER_LOG
    assert knowing.verify(signer.evidence()).logged


def test_the_log_must_have_this_very_record(signer: Signer, verifier: EvidenceVerifier) -> None:
    compact = signer.compact()
    other = UUID("01890a5d-ac96-774b-bcce-b302099a8058")
    for place, expected in (
        (signer.place(record=other), EvidenceFault.ANOTHER_RECORD),
        (signer.place(leaf=leaf_hash(b"another")), EvidenceFault.NOT_IN_LOG),
        (signer.place().model_copy(update={"checkpoint": None}), EvidenceFault.NOT_IN_LOG),
        (Place(record_id=signer.place().record_id), EvidenceFault.NOT_IN_LOG),
    ):
        assert fault(verifier, Evidence(evidence=compact, place=place)) is expected


@pytest.mark.filterwarnings("ignore:Parsed a serial number:cryptography.utils.CryptographyDeprecationWarning")
@given(st.data())
def test_no_letter_of_it_can_be_another(signer: Signer, verifier: EvidenceVerifier, data: st.DataObject) -> None:
    compact = signer.compact()
    index = data.draw(st.integers(0, len(compact) - 1))
    letter = data.draw(st.sampled_from("ABCDwxyz0189-_."))
    changed = compact[:index] + letter + compact[index + 1 :]
    try:
        told = verifier.verify_statement(changed)
    except EvidenceRefused:
        return
    # The last letters of a part have bits that mean nothing.
    assert told.claims == verifier.verify_statement(compact).claims


def test_the_keys_name_is_not_what_is_believed(signer: Signer, verifier: EvidenceVerifier) -> None:
    """The certificate says whose key it is; ``kid`` is a hint."""
    assert signer.authority.keystore.public_key(KeyName.EVIDENCE) != signer.key.public_key()
    assert verifier.verify(signer.evidence(header={"kid": "another"})).claims.aud == AUDIENCE
