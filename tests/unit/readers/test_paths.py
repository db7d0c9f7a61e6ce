from __future__ import annotations

import asyncio
from datetime import datetime

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.x509.oid import ExtendedKeyUsageOID

from readers.errors import (
    CertificateExpired,
    CertificateForged,
    CertificateNotYetValid,
    CertificateUnfit,
    CertificateUntrusted,
)
from readers.paths import validate_path
from tests.fixtures.authorities import CARD_AUTHENTICATION, Entity, year

ROOT = Entity.root()
ISSUING = ROOT.authority()
LEAF = ISSUING.leaf()


def path_of(*entities: Entity) -> tuple[x509.Certificate, ...]:
    return tuple(entity.certificate for entity in entities)


def validate(
    leaf: Entity, *issuers: Entity, anchor: Entity = ROOT, at: datetime | None = None
) -> tuple[x509.Certificate, ...]:
    return validate_path(
        leaf.certificate, path_of(*issuers), path_of(anchor), at or year(2025), usage=CARD_AUTHENTICATION
    )


def test_the_path_from_leaf_to_anchor() -> None:
    assert validate(LEAF, ISSUING) == path_of(LEAF, ISSUING, ROOT)
    assert validate(LEAF, anchor=ISSUING) == path_of(LEAF, ISSUING)


def test_a_longer_path_whatever_the_order() -> None:
    middle = ROOT.authority("Middle")
    issuing = middle.authority()
    leaf = issuing.leaf()
    for issuers in ((middle, issuing, ISSUING), (ISSUING, issuing, middle)):
        assert validate(leaf, *issuers) == path_of(leaf, issuing, middle, ROOT)


def test_a_card_has_no_name_that_a_web_server_needs() -> None:
    leaf = ISSUING.leaf(uris=["urn:uuid:00112233-4455-4677-8899-aabbccddeeff"])
    assert validate(leaf, ISSUING)[0] == leaf.certificate


def test_a_critical_policy_is_accepted() -> None:
    # id-fpki-common-cardAuth, which US federal cards carry.
    policy = x509.PolicyInformation(x509.ObjectIdentifier("2.16.840.1.101.3.2.1.3.17"), None)
    leaf = ISSUING.leaf(extra=[(x509.CertificatePolicies([policy]), True)])
    assert validate(leaf, ISSUING)[0] == leaf.certificate


def impostor() -> Entity:
    """An authority with the right name and its own key."""
    return Entity.root().authority()


@pytest.mark.parametrize(
    ("leaf", "issuers"),
    [
        (LEAF, ()),  # no issuer
        (Entity.root("Other").authority().leaf(), ()),
        (impostor().leaf(), (ISSUING,)),  # a signature that is not the issuer's
        (LEAF.leaf(), (LEAF, ISSUING)),  # issued by a leaf
        (
            ISSUING.leaf(extra=[(x509.UnrecognizedExtension(x509.ObjectIdentifier("1.2.3.4"), b"\5\0"), True)]),
            (ISSUING,),
        ),
    ],
    ids=["no issuer", "other root", "impostor", "issued by a leaf", "unknown critical extension"],
)
def test_untrusted(leaf: Entity, issuers: tuple[Entity, ...]) -> None:
    with pytest.raises(CertificateUntrusted):
        validate(leaf, *issuers)


def test_no_anchors() -> None:
    with pytest.raises(CertificateUntrusted):
        validate_path(LEAF.certificate, path_of(ISSUING), (), year(2025))


def test_a_path_longer_than_an_authority_allows() -> None:
    root = Entity.root(path_length=0)
    issuing = root.authority()
    with pytest.raises(CertificateUntrusted):
        validate(issuing.leaf(), issuing, anchor=root)


OLD_ISSUING = ROOT.authority(last=2030)
OLD_ROOT = Entity.root(last=2030)
FUTURE_ISSUING = ROOT.authority(first=2026)


@pytest.mark.parametrize(
    ("leaf", "issuers", "anchor", "culprit"),
    [
        (old := ISSUING.leaf(last=2030), (ISSUING,), ROOT, old),
        (OLD_ISSUING.leaf(), (OLD_ISSUING,), ROOT, OLD_ISSUING),
        ((under := OLD_ROOT.authority()).leaf(), (under,), OLD_ROOT, OLD_ROOT),
    ],
    ids=["leaf", "issuer", "anchor"],
)
def test_expired(leaf: Entity, issuers: tuple[Entity, ...], anchor: Entity, culprit: Entity) -> None:
    with pytest.raises(CertificateExpired) as raised:
        validate(leaf, *issuers, anchor=anchor, at=year(2031))
    assert raised.value.certificate == culprit.certificate


@pytest.mark.parametrize(
    ("leaf", "issuers", "culprit"),
    [
        (young := ISSUING.leaf(first=2026), (ISSUING,), young),
        (FUTURE_ISSUING.leaf(), (FUTURE_ISSUING,), FUTURE_ISSUING),
    ],
    ids=["leaf", "issuer"],
)
def test_not_yet_valid(leaf: Entity, issuers: tuple[Entity, ...], culprit: Entity) -> None:
    with pytest.raises(CertificateNotYetValid) as raised:
        validate(leaf, *issuers)
    assert raised.value.certificate == culprit.certificate


def test_an_expired_stranger_is_a_stranger() -> None:
    with pytest.raises(CertificateUntrusted):
        validate(impostor().leaf(last=2024), ISSUING)


def test_the_moments_of_the_borders_are_inside() -> None:
    leaf = ISSUING.leaf(first=2026, last=2030)
    for moment in (year(2026), year(2030)):
        assert validate(leaf, ISSUING, at=moment)[0] == leaf.certificate


@pytest.mark.parametrize(
    "leaf",
    [
        ISSUING,  # an authority is no card
        ISSUING.leaf(usages=()),
        ISSUING.leaf(usages=[ExtendedKeyUsageOID.ANY_EXTENDED_KEY_USAGE]),
        ISSUING.leaf(usages=[ExtendedKeyUsageOID.CLIENT_AUTH]),
        ISSUING.leaf(digital_signature=False),
        ISSUING.leaf(rsa.generate_private_key(65537, 1024).public_key()),  # noqa: S505 - too short is the point
    ],
    ids=["authority", "no usage", "any usage", "other usage", "not for signatures", "short key"],
)
def test_unfit(leaf: Entity) -> None:
    with pytest.raises(CertificateUnfit):
        validate(leaf, ISSUING)


def test_rsa_2048_is_read() -> None:
    leaf = ISSUING.leaf(rsa.generate_private_key(65537, 2048).public_key())
    assert validate(leaf, ISSUING)[0] == leaf.certificate


def test_a_time_without_a_zone_is_a_mistake() -> None:
    with pytest.raises(ValueError, match="zone"):
        validate(LEAF, ISSUING, at=datetime(2025, 1, 1))  # noqa: DTZ001 - that is the mistake


@pytest.mark.parametrize("garbage", [b"\5\0", b"\x30\x03\x02\x01", b""])
@pytest.mark.parametrize("oid", ["2.5.29.37", "2.5.29.19", "2.5.29.17"])
def test_extensions_that_cannot_be_decoded(oid: str, garbage: bytes) -> None:
    broken = x509.UnrecognizedExtension(x509.ObjectIdentifier(oid), garbage)
    leaf = ISSUING.leaf(usages=(), extra=[(broken, False)])
    with pytest.raises((CertificateUntrusted, CertificateUnfit)):
        validate(leaf, ISSUING)


def test_errors_do_not_name_anybody() -> None:
    with pytest.raises(CertificateUntrusted) as raised:
        validate(Entity.root("Other").authority().leaf())
    assert "Leaf" not in str(raised.value)


# Several authorities of one name, cross-certificates, circles (RFC 4158).


def test_authorities_of_one_name_and_different_keys() -> None:
    namesakes = [Entity.root().authority() for _ in range(5)]
    leaf = ISSUING.leaf()
    for issuers in ((*namesakes, ISSUING), (ISSUING, *namesakes)):
        assert validate(leaf, *issuers) == path_of(leaf, ISSUING, ROOT)
    with pytest.raises(CertificateForged):
        validate(leaf, *[ROOT.authority() for _ in range(3)])


def test_an_anchor_of_the_same_name_and_another_key() -> None:
    leaf = ISSUING.leaf()
    anchors = path_of(Entity.root(), ROOT)
    assert validate_path(leaf.certificate, path_of(ISSUING), anchors, year(2025))[-1] == ROOT.certificate
    with pytest.raises(CertificateForged) as raised:
        validate(leaf, ISSUING, anchor=Entity.root())
    assert raised.value.certificate == ISSUING.certificate


def test_over_a_cross_certificate() -> None:
    ours, theirs = Entity.root("Ours"), Entity.root("Theirs")
    issuing = theirs.authority()
    bridge = ours.cross(theirs)
    leaf = issuing.leaf()
    assert validate(leaf, issuing, bridge, anchor=ours) == path_of(leaf, issuing, bridge, ours)
    assert validate(leaf, issuing, bridge, anchor=theirs) == path_of(leaf, issuing, theirs)


def test_authorities_that_certify_each_other_lead_nowhere_but_end() -> None:
    ring = [Entity.root(f"Ring {number}") for number in range(9)]
    crosses = [one.cross(other) for one in ring for other in ring if one is not other]
    leaf = ring[0].leaf()
    with pytest.raises(CertificateUntrusted):
        validate(leaf, *crosses)
    anchored = ROOT.cross(ring[5])
    assert validate(leaf, *crosses, anchored)[-1] == ROOT.certificate


def test_a_new_key_and_an_old_one_of_the_same_authority() -> None:
    old, new = Entity.root("City"), Entity.root("City")
    new_by_old = old.cross(new)
    leaf = new.leaf()
    assert validate(leaf, new_by_old, anchor=old) == path_of(leaf, new_by_old, old)


def test_the_reason_is_that_of_the_path_that_came_closest() -> None:
    expired = ROOT.authority(last=2024)
    leaf = expired.leaf()
    with pytest.raises(CertificateExpired):
        validate(leaf, *[ROOT.authority() for _ in range(3)], expired)


def test_works_inside_an_event_loop() -> None:
    async def inside() -> tuple[x509.Certificate, ...]:
        return validate(LEAF, ISSUING)

    assert asyncio.run(inside()) == path_of(LEAF, ISSUING, ROOT)
