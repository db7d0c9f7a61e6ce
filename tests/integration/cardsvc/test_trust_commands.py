"""Rotating keys, renewing and revoking the issuing CA, and revoking batches of cards."""

from __future__ import annotations

import json
from datetime import datetime, timedelta
from pathlib import Path
from uuid import UUID

import jwt
import pytest
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding
from sqlalchemy import select
from typer.testing import CliRunner

from cardsvc.app import create_app
from cardsvc.approvals import service as approvals
from cardsvc.approvals.errors import NotApproved
from cardsvc.callers.errors import AccessTokenRefused
from cardsvc.cards.models import Card
from cardsvc.cli import app
from cardsvc.db import reading, transaction
from cardsvc.services import Services
from cardsvc.trust.authority import IssuingAuthority
from cardsvc.trust.batches import Batch, find_batch, revoke_batch
from cardsvc.trust.errors import IssuerInUse, RotationTooSoon
from cardsvc.trust.file_keystore import FileKeystore
from cardsvc.trust.keystore import KeyName, Keystore
from cardsvc.trust.models import Certificate
from cardsvc.trust.renewal import RENEW_ISSUER, REVOKE_ISSUER, renew_issuer, revoke_issuer
from cardsvc.trust.rotation import PUBLISHED_BEFORE_USE, rotate
from cardsvc.wire.approvals import ApprovalKind
from cardsvc.wire.lifecycle import CardState
from readers.errors import CertificateRevoked
from readers.paths import validate_path
from tests.fixtures.asgi import AsgiTransport
from tests.fixtures.proofs import City
from tests.fixtures.services import ADDRESSES, NOW, StandingClock


@pytest.fixture
def own_city(sqlite_services: Services, clock: StandingClock, tmp_path: Path) -> City:
    """With a keystore of its own, since its keys are renewed."""
    folder = tmp_path / "own-keystore"
    keystore = FileKeystore.create(folder, b"own")
    authority = IssuingAuthority.establish(keystore, ADDRESSES, "Own City", NOW - timedelta(days=1))
    authority.save(folder)
    return city_of(sqlite_services, authority, clock)


def city_of(services: Services, authority: IssuingAuthority, clock: StandingClock, people: int = 0) -> City:
    own = Services(services.settings, clock, services.sessions, authority.keystore, authority)
    return City(own, clock, AsgiTransport(create_app(own)), people=people)


def turn(city: City, name: KeyName, *, distrusted: bool = False) -> str:
    with transaction(city.services.sessions) as session:
        added = rotate(session, city.services.keystore, name, distrusted=distrusted, actor="ceremony", now=city.clock())
    city.clock.advance(seconds=31)
    return added.key_id


def published(city: City) -> set[str]:
    return {key["kid"] for key in city.http().get("/.well-known/jwks.json").json()["keys"]}


@pytest.mark.parametrize("name", [KeyName.ASSERTION, KeyName.ACCESS_TOKEN, KeyName.STATUS_LIST])
def test_a_new_key_is_published_before_use_and_the_old_one_until_it_is_over(own_city: City, name: KeyName) -> None:
    ring = own_city.services.key_ring
    old = ring.signer(name).thumbprint()
    new = turn(own_city, name)
    assert ring.signer(name).thumbprint() == old
    assert {old, new} <= published(own_city)
    own_city.clock.now += PUBLISHED_BEFORE_USE
    assert ring.signer(name).thumbprint() == new
    assert {old, new} <= published(own_city)
    own_city.clock.advance(hours=13)
    assert (old in published(own_city), new in published(own_city)) == (False, True)
    assert own_city.audit("trust.rotate")[0].detail["key_id"] == new


def test_evidence_is_believed_for_ever(own_city: City) -> None:
    old = own_city.services.key_ring.signer(KeyName.EVIDENCE).thumbprint()
    turn(own_city, KeyName.EVIDENCE)
    own_city.clock.advance(days=3650)
    assert old in published(own_city)


def test_a_key_that_was_stolen_is_out_at_once_with_what_it_signed(own_city: City) -> None:
    own_city.caller("kiosk-1")
    tokens = own_city.services.access_tokens
    kiosk = own_city.principal("kiosk-1")
    token = tokens.issue(kiosk, kiosk.scopes, now=own_city.clock(), lifetime=timedelta(minutes=5))
    tokens.read(token, now=own_city.clock())
    old = jwt.get_unverified_header(token)["kid"]
    new = turn(own_city, KeyName.ACCESS_TOKEN, distrusted=True)
    with pytest.raises(AccessTokenRefused):
        tokens.read(token, now=own_city.clock())
    assert (old in published(own_city), new in published(own_city)) == (False, True)


def test_a_rotation_waits_for_the_one_before(own_city: City) -> None:
    turn(own_city, KeyName.ASSERTION)
    with pytest.raises(RotationTooSoon):
        turn(own_city, KeyName.ASSERTION)
    own_city.clock.now += PUBLISHED_BEFORE_USE
    turn(own_city, KeyName.ASSERTION)


def test_other_keys_do_not_rotate(own_city: City) -> None:
    with pytest.raises(ValueError, match="does not rotate"):
        turn(own_city, KeyName.ROOT_CA)


def approve(city: City, subject: UUID, now: datetime) -> None:
    with transaction(city.services.sessions) as session:
        asked = approvals.request(
            session, ApprovalKind.KEY_CEREMONY, subject, actor="ana", now=now, reason="planned renewal"
        )
        approvals.approve(session, asked.id, actor="bo", now=now)


def renew(city: City, folder: Path) -> City:
    approve(city, RENEW_ISSUER, city.clock())
    with transaction(city.services.sessions) as session:
        renew_issuer(session, city.services.authority, folder, now=city.clock())
    keystore: Keystore = FileKeystore.load(folder, b"own")
    return city_of(city.services, IssuingAuthority.load(folder, keystore, ADDRESSES), city.clock, city.people)


def der_of(city: City, card_id: UUID) -> x509.Certificate:
    with reading(city.services.sessions) as session:
        found = session.scalars(select(Certificate.der).where(Certificate.card_id == card_id)).first()
    assert found is not None
    return x509.load_der_x509_certificate(found)


def test_after_a_renewal_old_cards_stay_good_and_a_revoked_issuer_takes_its_cards_along(
    own_city: City, tmp_path: Path
) -> None:
    folder = tmp_path / "own-keystore"
    old_card = own_city.card()
    renewed = renew(own_city, folder)
    new_card, authority, now = renewed.card(), renewed.services.authority, renewed.clock() + timedelta(minutes=1)
    old, new = der_of(renewed, old_card.id), der_of(renewed, new_card.id)
    assert old.issuer == new.issuer
    for leaf, issuer in ((old, authority.issuers[0]), (new, authority.issuers[1])):
        assert validate_path(leaf, authority.issuers, [authority.root], now)[1] == issuer
    with transaction(renewed.services.sessions) as session, pytest.raises(IssuerInUse):
        revoke_issuer(session, authority, 2, x509.ReasonFlags.ca_compromise, now=now)
    approve(renewed, REVOKE_ISSUER, now)
    with transaction(renewed.services.sessions) as session:
        assert revoke_issuer(session, authority, 1, x509.ReasonFlags.ca_compromise, now=now) == 1
    renewed.clock.advance(minutes=2)
    lists = [renewed.http().get(f"/crl/{code}.crl").content for code in ("root", "issuing", "issuing-2")]
    with pytest.raises(CertificateRevoked):
        validate_path(old, authority.issuers, [authority.root], renewed.clock(), crls=lists)
    validate_path(new, authority.issuers, [authority.root], renewed.clock(), crls=lists)
    with reading(renewed.services.sessions) as session:
        assert session.get_one(Card, old_card.id).state is CardState.REVOKED
        assert session.get_one(Card, new_card.id).state is CardState.ACTIVE


def test_whoever_asks_is_told_every_issuer_the_first_one_first(own_city: City, tmp_path: Path) -> None:
    """A kiosk, which checks the photograph on an old card."""
    assert own_city.caller("kiosk-1").issuer_certificates() == [der(own_city.services.authority.issuing)]
    renewed = renew(own_city, tmp_path / "own-keystore")
    told = renewed.caller("kiosk-2").issuer_certificates()
    assert told == [der(one) for one in renewed.services.authority.issuers]
    assert len(told) == 2


def der(certificate: x509.Certificate) -> bytes:
    return certificate.public_bytes(Encoding.DER)


def test_one_person_does_not_renew_the_issuer(own_city: City, tmp_path: Path) -> None:
    with transaction(own_city.services.sessions) as session, pytest.raises(NotApproved):
        renew_issuer(session, own_city.services.authority, tmp_path / "own-keystore", now=own_city.clock())
    assert not (tmp_path / "own-keystore" / "issuing-ca.2.pem").exists()


def test_a_batch_is_revoked_by_product_and_firmware(city: City) -> None:
    cards = [city.card(), city.card(), city.card(CardState.PERSONALISING)]
    with transaction(city.services.sessions) as session:
        for card, firmware in zip(cards, ("4.3.1", "4.3.4", "4.3.4"), strict=True):
            for row in session.scalars(select(Certificate).where(Certificate.card_id == card.id)):
                row.product, row.firmware = "Bad", firmware
    with transaction(city.services.sessions) as session:
        assert len(find_batch(session, Batch("Bad"))) == 3
        revoked = revoke_batch(session, Batch("Bad", "4.3.4"), actor="ceremony", now=city.clock())
        assert {card.id for card in revoked} == {cards[1].id, cards[2].id}
    with reading(city.services.sessions) as session:
        states = [session.get_one(Card, card.id).state for card in cards]
        left = session.scalars(select(Certificate.card_id).where(Certificate.status != "revoked")).all()
    assert states == [CardState.ACTIVE, CardState.REVOKED, CardState.PERSONALISING]
    assert set(left) == {cards[0].id}
    assert city.audit("trust.revoke-batch")[0].detail["cards"] == 2


def test_a_batch_of_everything_is_refused(own_city: City) -> None:
    with reading(own_city.services.sessions) as session, pytest.raises(ValueError, match="needs"):
        find_batch(session, Batch())


def test_the_commands(own_city: City, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CARDSVC_DATABASE_URL", own_city.services.settings.database_url)
    monkeypatch.setenv("CARDSVC_KEYSTORE_DIR", str(tmp_path / "own-keystore"))
    monkeypatch.setenv("CARDSVC_KEYSTORE_PASSPHRASE", "own")

    def run(*arguments: str) -> tuple[int, str]:
        done = CliRunner().invoke(app, ["trust", *arguments], catch_exceptions=False)
        return done.exit_code, done.stdout

    status, out = run("rotate", "assertion", "--json")
    assert (status, json.loads(out)["version"]) == (0, 2)
    assert run("rotate", "assertion")[0] == 1
    assert run("rotate", "assertion", "--distrust")[0] == 0
    assert [one["version"] for one in json.loads(run("keys", "--json")[1])["keys"] if one["key"] == "assertion"] == [
        1,
        2,
        3,
    ]
    assert "assertion" in run("keys")[1]
    dry = json.loads(run("revoke-batch", "--product", "Bad", "--dry-run", "--json")[1])
    assert dry == {"revoked": False, "cards": []}
    assert run("revoke-batch", "--product", "Bad")[0] == 0
    assert (run("renew-issuer")[0], run("revoke-issuer", "1")[0], run("revoke-issuer", "7")[0]) == (1, 1, 1)
