"""Cards made with `openssl`: right ones, and each fault alone."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from typing import Final

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from readers.piv.identifiers import KeyReference, ObjectId
from readers.piv.judging import Code, Depth, HeldKey, Judgement, Trust, Verdict, judge_objects
from tests.fixtures.corpus.cards import (
    CARD,
    CONTAINERS,
    OTHER,
    OTHER_FASC_N,
    CardPlan,
    CorpusCard,
    Issuer,
    day,
    tlv,
)

NOW: Final = day(2026, 6)
NINE_A, NINE_C, NINE_D, NINE_E = (
    KeyReference.PIV_AUTHENTICATION,
    KeyReference.DIGITAL_SIGNATURE,
    KeyReference.KEY_MANAGEMENT,
    KeyReference.CARD_AUTHENTICATION,
)
RIGHT: Final = CardPlan()
A, C, D, E = (RIGHT.certificates[key] for key in (NINE_A, NINE_C, NINE_D, NINE_E))


@pytest.fixture(scope="module")
def issuers(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Issuer]:
    return {kind: Issuer(tmp_path_factory.mktemp(kind), kind) for kind in ("P-256", "P-384", "RSA-2048")}


@pytest.fixture(scope="module")
def right_card(issuers: dict[str, Issuer]) -> CorpusCard:
    return issuers["P-256"].make(RIGHT)


def trust_in(card: CorpusCard) -> Trust:
    return Trust(card.anchors, card.intermediates, card.crls)


def judged(card: CorpusCard, *, at: datetime = NOW, trust: Trust | None = None, depth: Depth = Depth.FULL) -> Verdict:
    proofs = {key: HeldKey(public_key) for key, public_key in card.public_keys.items()}
    return judge_objects(card.objects, trust or trust_in(card), at, proofs=proofs, depth=depth)


def faults(verdict: Verdict) -> set[tuple[Code, str]]:
    return {(finding.code, finding.where) for finding in verdict.faults}


@pytest.mark.parametrize("kind", ["P-256", "P-384", "RSA-2048"])
@pytest.mark.parametrize("depth", Depth)
@pytest.mark.parametrize("signed", [True, False], ids=["CHUID signed", "CHUID unsigned"])
def test_a_right_card(issuers: dict[str, Issuer], kind: str, depth: Depth, *, signed: bool) -> None:
    verdict = judged(issuers[kind].make(replace(RIGHT, kind=kind, chuid_signed=signed)), depth=depth)
    assert verdict.faults == ()
    assert verdict.judgement is Judgement.RIGHT


FAULTS: Final[dict[str, tuple[CardPlan, set[tuple[Code, str]]]]] = {
    "CHUID expired": (replace(RIGHT, expiry="20260531"), {(Code.CHUID_EXPIRED, "CHUID")}),
    "CHUID altered": (
        replace(RIGHT, altered=frozenset({ObjectId.CHUID})),
        {(Code.SIGNATURE_WRONG, "CHUID")},
    ),
    "CHUID altered, security object made anew": (
        replace(RIGHT, altered_before_hashing=frozenset({ObjectId.CHUID})),
        {(Code.SIGNATURE_WRONG, "CHUID")},
    ),
    "CHUID signed as something else": (
        replace(RIGHT, chuid_content_type="2.16.840.1.101.3.6.2"),
        {(Code.SIGNED_FOR_SOMETHING_ELSE, "CHUID")},
    ),
    "signer without content signing": (
        replace(RIGHT, signer=replace(RIGHT.signer, extended_usage="serverAuth")),
        {(Code.SIGNER_UNFIT, "signer")},
    ),
    "signer expired": (
        replace(RIGHT, signer=replace(RIGHT.signer, last=day(2026))),
        {(Code.CERTIFICATE_EXPIRED, "signer")},
    ),
    "FASC-N of the CHUID": (replace(RIGHT, fasc_n=OTHER_FASC_N), {(Code.FASC_N_DIFFERS, "CHUID")}),
    "FASC-N of 9A": (
        RIGHT.with_certificate(NINE_A, replace(A, fasc_n=OTHER_FASC_N)),
        {(Code.FASC_N_DIFFERS, "9A")},
    ),
    "FASC-N of 9E": (
        RIGHT.with_certificate(NINE_E, replace(E, fasc_n=OTHER_FASC_N)),
        {(Code.FASC_N_DIFFERS, "9E")},
    ),
    "FASC-N of the fingerprints": (
        replace(RIGHT, fingerprints=replace(RIGHT.fingerprints, fasc_n=OTHER_FASC_N)),
        {(Code.FASC_N_DIFFERS, "FINGERPRINTS")},
    ),
    "FASC-N of the face": (
        replace(RIGHT, face=replace(RIGHT.face, fasc_n=OTHER_FASC_N)),
        {(Code.FASC_N_DIFFERS, "FACIAL_IMAGE")},
    ),
    "FASC-N signed with the fingerprints": (
        replace(RIGHT, fingerprints=replace(RIGHT.fingerprints, signed_fasc_n=tlv(0x04, OTHER_FASC_N))),
        {(Code.FASC_N_DIFFERS, "FINGERPRINTS")},
    ),
    "UUID signed with the fingerprints": (
        replace(RIGHT, fingerprints=replace(RIGHT.fingerprints, signed_uuid=tlv(0x04, OTHER.bytes))),
        {(Code.UUID_DIFFERS, "FINGERPRINTS")},
    ),
    "UUID signed with the face": (
        replace(RIGHT, face=replace(RIGHT.face, signed_uuid=tlv(0x04, OTHER.bytes))),
        {(Code.UUID_DIFFERS, "FACIAL_IMAGE")},
    ),
    "UUID signed with the face is none": (
        replace(RIGHT, face=replace(RIGHT.face, signed_uuid=tlv(0x04, CARD.bytes[:15]))),
        {(Code.OBJECT_MALFORMED, "FACIAL_IMAGE")},
    ),
    "FASC-N signed with the face is none": (
        replace(RIGHT, face=replace(RIGHT.face, signed_fasc_n=tlv(0x0C, b"a text"))),
        {(Code.OBJECT_MALFORMED, "FACIAL_IMAGE")},
    ),
    "GUID of the CHUID": (replace(RIGHT, uuid=OTHER), {(Code.UUID_DIFFERS, "CHUID")}),
    "UUID of 9A": (RIGHT.with_certificate(NINE_A, replace(A, uuid=OTHER)), {(Code.UUID_DIFFERS, "9A")}),
    "UUID of 9E": (RIGHT.with_certificate(NINE_E, replace(E, uuid=OTHER)), {(Code.UUID_DIFFERS, "9E")}),
    "no name in 9E": (
        RIGHT.with_certificate(NINE_E, replace(E, uuid=None, fasc_n=None)),
        {(Code.NAME_MISSING, "9E")},
    ),
    "9A altered": (
        replace(RIGHT, altered=frozenset({ObjectId.CERTIFICATE_PIV_AUTHENTICATION})),
        {(Code.CERTIFICATE_FORGED, "9A")},
    ),
    "9E altered, security object made anew": (
        replace(RIGHT, altered_before_hashing=frozenset({ObjectId.CERTIFICATE_CARD_AUTHENTICATION})),
        {(Code.CERTIFICATE_FORGED, "9E")},
    ),
    "9A expired": (RIGHT.with_certificate(NINE_A, replace(A, last=day(2026))), {(Code.CERTIFICATE_EXPIRED, "9A")}),
    "9E not yet valid": (
        RIGHT.with_certificate(NINE_E, replace(E, first=day(2027))),
        {(Code.CERTIFICATE_NOT_YET_VALID, "9E")},
    ),
    "9A is for encryption": (
        RIGHT.with_certificate(NINE_A, replace(A, key_usage="keyAgreement")),
        {(Code.KEY_USAGE_WRONG, "9A")},
    ),
    "9C does not commit": (
        RIGHT.with_certificate(NINE_C, replace(C, key_usage="digitalSignature")),
        {(Code.KEY_USAGE_WRONG, "9C")},
    ),
    "9D signs": (
        RIGHT.with_certificate(NINE_D, replace(D, key_usage="digitalSignature")),
        {(Code.KEY_USAGE_WRONG, "9D")},
    ),
    "9E is an authority": (
        RIGHT.with_certificate(NINE_E, replace(E, basic="CA:true")),
        {(Code.KEY_USAGE_WRONG, "9E")},
    ),
    "9E without its extended usage": (
        RIGHT.with_certificate(NINE_E, replace(E, extended_usage="clientAuth")),
        {(Code.EXTENDED_KEY_USAGE_WRONG, "9E")},
    ),
    "9A passes for 9E": (
        RIGHT.with_certificate(NINE_A, replace(A, extended_usage="2.16.840.1.101.3.6.8")),
        {(Code.EXTENDED_KEY_USAGE_WRONG, "9A")},
    ),
    "9E with the policy of 9A": (
        RIGHT.with_certificate(NINE_E, replace(E, policy="2.16.840.1.101.3.2.1.3.13")),
        {(Code.POLICY_OF_ANOTHER_KEY, "9E")},
    ),
    "subject key identifier": (
        RIGHT.with_certificate(NINE_A, replace(A, key_identifier="00112233445566778899AABBCCDDEEFF00112233")),
        {(Code.SUBJECT_KEY_IDENTIFIER_WRONG, "9A")},
    ),
    "9A is of another key": (RIGHT.with_certificate(NINE_A, replace(A, key="Other")), {(Code.KEY_DIFFERS, "9A")}),
    "9D is of another key": (RIGHT.with_certificate(NINE_D, replace(D, key="Other")), {(Code.KEY_DIFFERS, "9D")}),
    "9E is of another key": (RIGHT.with_certificate(NINE_E, replace(E, key="Other")), {(Code.KEY_DIFFERS, "9E")}),
    "9A outlives the card": (
        RIGHT.with_certificate(NINE_A, replace(A, last=day(2030))),
        {(Code.CERTIFICATE_OUTLIVES_CARD, "9A")},
    ),
    "9E outlives the card": (
        RIGHT.with_certificate(NINE_E, replace(E, last=day(2029, 1, 2))),
        {(Code.CERTIFICATE_OUTLIVES_CARD, "9E")},
    ),
    "security object altered": (
        replace(RIGHT, altered=frozenset({ObjectId.SECURITY_OBJECT})),
        {(Code.SIGNATURE_WRONG, "SECURITY_OBJECT")},
    ),
    "security object signed as something else": (
        replace(RIGHT, security_signed_as="1.2.840.113549.1.7.1"),
        {(Code.SIGNED_FOR_SOMETHING_ELSE, "SECURITY_OBJECT")},
    ),
    "security object missing": (
        replace(RIGHT, left_out=frozenset({ObjectId.SECURITY_OBJECT})),
        {(Code.OBJECT_MISSING, "SECURITY_OBJECT")},
    ),
    "9A missing": (
        replace(RIGHT, left_out=frozenset({ObjectId.CERTIFICATE_PIV_AUTHENTICATION})),
        {(Code.OBJECT_MISSING, "CERTIFICATE_PIV_AUTHENTICATION")},
    ),
    "hash of discovery": (
        replace(RIGHT, altered=frozenset({ObjectId.DISCOVERY})),
        {(Code.HASH_WRONG, "DISCOVERY")},
    ),
    "unsigned CHUID altered": (
        replace(RIGHT, chuid_signed=False, expiry="20290102", altered=frozenset({ObjectId.DISCOVERY})),
        {(Code.HASH_WRONG, "DISCOVERY")},
    ),
    "unsigned CHUID that nobody vouches for": (
        replace(RIGHT, chuid_signed=False, not_hashed=frozenset({ObjectId.CHUID})),
        {(Code.HASH_MISSING, "CHUID")},
    ),
    "face altered": (
        replace(RIGHT, altered=frozenset({ObjectId.FACIAL_IMAGE})),
        {(Code.SIGNATURE_WRONG, "FACIAL_IMAGE")},
    ),
    "fingerprints altered": (
        replace(RIGHT, altered_before_hashing=frozenset({ObjectId.FINGERPRINTS})),
        {(Code.SIGNATURE_WRONG, "FINGERPRINTS")},
    ),
    "iris images altered": (
        replace(RIGHT, altered=frozenset({ObjectId.IRIS_IMAGES})),
        {(Code.SIGNATURE_WRONG, "IRIS_IMAGES")},
    ),
    "iris images expired": (
        replace(RIGHT, iris=replace(RIGHT.iris, last=day(2026))),
        {(Code.BIOMETRIC_EXPIRED, "IRIS_IMAGES")},
    ),
    "face in place of the iris images": (
        replace(RIGHT, iris=RIGHT.face),
        {(Code.BIOMETRIC_OF_ANOTHER_KIND, "IRIS_IMAGES")},
    ),
    "key history altered": (
        replace(RIGHT, altered=frozenset({ObjectId.KEY_HISTORY})),
        {(Code.HASH_WRONG, "KEY_HISTORY")},
    ),
    "retired certificate altered": (
        replace(RIGHT, altered=frozenset({ObjectId.RETIRED_CERTIFICATE_20})),
        {(Code.HASH_WRONG, "RETIRED_CERTIFICATE_20")},
    ),
    "face expired": (
        replace(RIGHT, face=replace(RIGHT.face, last=day(2026))),
        {(Code.BIOMETRIC_EXPIRED, "FACIAL_IMAGE")},
    ),
    "fingerprints not yet valid": (
        replace(RIGHT, fingerprints=replace(RIGHT.fingerprints, first=day(2027))),
        {(Code.BIOMETRIC_NOT_YET_VALID, "FINGERPRINTS")},
    ),
    "face in place of the fingerprints": (
        replace(RIGHT, fingerprints=RIGHT.face),
        {(Code.BIOMETRIC_OF_ANOTHER_KIND, "FINGERPRINTS")},
    ),
    "face unsigned": (
        replace(RIGHT, face=replace(RIGHT.face, signed=False)),
        {(Code.SIGNATURE_MISSING, "FACIAL_IMAGE")},
    ),
    "face signed as a CHUID": (
        replace(RIGHT, face=replace(RIGHT.face, content_type="2.16.840.1.101.3.6.1")),
        {(Code.SIGNED_FOR_SOMETHING_ELSE, "FACIAL_IMAGE")},
    ),
    "no application PIN": (
        replace(RIGHT, discovery="4F0BA000000308000010000100 5F2F022010"),
        {(Code.PIN_POLICY_WRONG, "DISCOVERY")},
    ),
    "global PIN without preference": (
        replace(RIGHT, discovery="4F0BA000000308000010000100 5F2F026000"),
        {(Code.PIN_POLICY_WRONG, "DISCOVERY")},
    ),
    "another application": (
        replace(RIGHT, discovery="4F0BA000000308000099000100 5F2F024000"),
        {(Code.APPLICATION_WRONG, "DISCOVERY")},
    ),
}


@pytest.mark.parametrize("kind", ["P-256", "RSA-2048"])
@pytest.mark.parametrize("fault", FAULTS)
def test_one_fault_and_only_that_one(issuers: dict[str, Issuer], fault: str, kind: str) -> None:
    plan, expected = FAULTS[fault]
    verdict = judged(issuers[kind].make(replace(plan, kind=kind)))
    assert faults(verdict) == expected
    assert verdict.judgement is Judgement.REFUSED


@pytest.mark.parametrize("kind", ["P-256", "RSA-2048"])
def test_a_revoked_certificate(issuers: dict[str, Issuer], kind: str) -> None:
    revoked = RIGHT.with_certificate(NINE_A, replace(A, last=day(2028, 6)))
    card = issuers[kind].make(replace(revoked, kind=kind, revoked=NINE_A))
    verdict = judged(card)
    assert faults(verdict) == {(Code.CERTIFICATE_REVOKED, "9A")}
    assert verdict.faults[0].seen["reason"] == "keyCompromise"
    assert judged(card, trust=replace(trust_in(card), crls=None)).judgement is Judgement.RIGHT


def test_without_a_current_list_nothing_is_known_about_revocation(issuers: dict[str, Issuer]) -> None:
    card = issuers["P-256"].make(RIGHT)
    for trust in (replace(trust_in(card), crls=[]), replace(trust_in(card), crls=card.crls[:1])):
        verdict = judged(card, trust=trust)
        assert verdict.judgement is Judgement.OPEN
        assert {finding.code for finding in verdict.findings} == {Code.REVOCATION_UNKNOWN}
    late = judged(card, at=day(2027, 6))
    assert {finding.code for finding in late.findings} == {Code.REVOCATION_UNKNOWN}


def test_without_anchors_nothing_is_known_about_trust(issuers: dict[str, Issuer]) -> None:
    card = issuers["P-256"].make(RIGHT)
    verdict = judged(card, trust=Trust())
    assert [(finding.code, finding.where) for finding in verdict.findings] == [(Code.NO_ANCHORS, "authority")]
    assert verdict.judgement is Judgement.OPEN


def test_a_card_of_another_root(issuers: dict[str, Issuer]) -> None:
    card, other = issuers["P-256"].make(RIGHT), issuers["P-384"]
    trust = Trust([other.root.certificate], card.intermediates)
    # The other root has the same name, so that it could have signed, and did not.
    assert faults(judged(card, trust=trust)) == {(Code.CERTIFICATE_FORGED, "authority")}
    assert {code for code, _ in faults(judged(card, trust=Trust([other.issuing.certificate])))} == {
        Code.CERTIFICATE_FORGED
    }


def test_an_expired_authority_is_said_once(tmp_path_factory: pytest.TempPathFactory) -> None:
    issuer = Issuer(tmp_path_factory.mktemp("old"), "P-256", last=day(2026))
    assert faults(judged(issuer.make(RIGHT))) == {(Code.CERTIFICATE_EXPIRED, "authority")}


def test_policies_by_key(issuers: dict[str, Issuer]) -> None:
    mine = "2.16.840.1.101.3.2.1.3.17"
    card = issuers["P-256"].make(RIGHT.with_certificate(NINE_E, replace(E, policy=mine)))
    trust = replace(trust_in(card), crls=None, policies={NINE_E: frozenset({mine})})
    # The issuing authority has no policies, so no path holds under one.
    assert faults(judged(card, trust=trust)) == {(Code.POLICY_MISSING, "9E")}


def test_a_signer_that_nobody_shows(issuers: dict[str, Issuer]) -> None:
    card = issuers["P-256"].make(RIGHT)
    del card.objects[ObjectId.CHUID]
    verdict = faults(judged(card))
    assert (Code.SIGNER_UNKNOWN, "SECURITY_OBJECT") in verdict
    assert (Code.OBJECT_MISSING, "CHUID") in verdict


@pytest.mark.parametrize("content", [b"", b"\x53", b"\xba\0\xbb\2\x30\0", bytes(300), b"\x30\x80" * 40])
@pytest.mark.parametrize("object_id", [*CONTAINERS, ObjectId.SECURITY_OBJECT])
def test_nonsense_is_a_finding(issuers: dict[str, Issuer], object_id: ObjectId, content: bytes) -> None:
    card = issuers["P-256"].make(RIGHT)
    card.objects[object_id] = content
    verdict = judged(card, trust=Trust())
    assert (Code.OBJECT_MALFORMED, object_id.name) in faults(verdict)


def test_a_time_without_its_zone_is_a_mistake() -> None:
    with pytest.raises(ValueError, match="zone"):
        judge_objects({}, Trust(), datetime(2026, 1, 1))  # noqa: DTZ001 - that is the mistake


@given(data=st.data())
@settings(max_examples=60)
def test_one_byte_changed_anywhere_is_judged_and_found(right_card: CorpusCard, data: st.DataObject) -> None:
    object_id = data.draw(st.sampled_from(sorted(right_card.objects)))
    content = bytearray(right_card.objects[object_id])
    content[data.draw(st.integers(0, len(content) - 1))] ^= data.draw(st.integers(1, 255))
    verdict = judged(replace(right_card, objects={**right_card.objects, object_id: bytes(content)}))
    # The mapping of the security object is not signed: what it no longer names is not hashed any more.
    assert verdict.faults or object_id is ObjectId.SECURITY_OBJECT
