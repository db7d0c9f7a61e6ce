"""Sending over HTTP to a receiver that is a process of its own: time limits, certificates, pinned addresses."""

from __future__ import annotations

import ssl
import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID
from structlog.testing import capture_logs

from cardsvc.webhooks.addresses import AddressRules
from cardsvc.webhooks.sending import HttpSender, Parcel, trust
from cardsvc.wire.webhooks import AttemptFailure
from tests.fixtures.receiver import Receiver, free_port, receiver

HERE = AddressRules(private=True, resolver=lambda _: ["127.0.0.1"])


def sender(rules: AddressRules = HERE, seconds: float = 20.0, ca_file: Path | None = None) -> HttpSender:
    return HttpSender(rules, timedelta(seconds=seconds), trust(ca_file))


def parcel(url: str) -> Parcel:
    return Parcel(url, {"webhook-id": "1"}, b"{}")


@pytest.fixture
def plain(tmp_path: Path) -> Iterator[Receiver]:
    with receiver(tmp_path / "plain") as running:
        yield running


def certificate(folder: Path, name: str) -> tuple[Path, Path]:
    """Of an authority of its own: the file with certificate and key, and the authority's."""
    folder.mkdir()
    ca_key, key = (ec.generate_private_key(ec.SECP256R1()) for _ in range(2))
    ca_name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "city authority")])
    began, over = datetime.now(UTC) - timedelta(hours=1), datetime.now(UTC) + timedelta(hours=1)

    def build(subject: x509.Name, public: ec.EllipticCurvePublicKey) -> x509.CertificateBuilder:
        return (
            x509.CertificateBuilder()
            .subject_name(subject)
            .issuer_name(ca_name)
            .public_key(public)
            .serial_number(x509.random_serial_number())
            .not_valid_before(began)
            .not_valid_after(over)
        )

    ca = build(ca_name, ca_key.public_key()).add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
    usage = x509.KeyUsage(
        digital_signature=True,
        key_cert_sign=True,
        crl_sign=True,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        encipher_only=False,
        decipher_only=False,
    )
    ca = ca.add_extension(usage, critical=True)
    leaf = build(x509.Name([]), key.public_key()).add_extension(
        x509.SubjectAlternativeName([x509.DNSName(name)]), critical=True
    )
    own, authority = folder / "own.pem", folder / "ca.pem"
    pem = leaf.sign(ca_key, hashes.SHA256()).public_bytes(Encoding.PEM)
    own.write_bytes(pem + key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    authority.write_bytes(ca.sign(ca_key, hashes.SHA256()).public_bytes(Encoding.PEM))
    return own, authority


def test_the_body_and_the_headers_arrive_as_they_are(plain: Receiver) -> None:
    outcome = sender().send(parcel(plain.url()))
    assert (outcome.status, outcome.failure, outcome.accepted) == (204, None, True)
    (received,) = plain.received
    assert received.body == b"{}"
    assert received.headers["webhook-id"] == "1"
    assert received.headers["host"] == f"127.0.0.1:{plain.port}"


def test_the_connection_goes_to_the_address_that_was_looked_at(plain: Receiver) -> None:
    """No name server of this machine knows the name: it was asked once, by us."""
    asked: list[str] = []

    def resolver(host: str) -> list[str]:
        asked.append(host)
        return ["127.0.0.1"]

    rules = AddressRules(private=True, plain_http=True, resolver=resolver)
    assert sender(rules).send(parcel(plain.url("events.invalid"))).accepted
    assert asked == ["events.invalid"]
    assert plain.received[0].headers["host"] == f"events.invalid:{plain.port}"


def test_a_name_that_leads_inside_is_not_knocked_at(plain: Receiver) -> None:
    rules = AddressRules(plain_http=True, resolver=lambda _: ["127.0.0.1"])
    for url in (plain.url("events.example"), plain.url()):
        outcome = sender(rules).send(parcel(url))
        assert (outcome.status, outcome.failure) == (None, AttemptFailure.ADDRESS_REFUSED)
    assert plain.received == []


def test_a_redirect_is_not_followed(plain: Receiver, tmp_path: Path) -> None:
    with receiver(tmp_path / "inside") as inside:
        plain.answer(307, Location=inside.url())
        outcome = sender().send(parcel(plain.url()))
        assert (outcome.status, outcome.accepted) == (307, False)
        assert inside.received == []


def test_a_receiver_that_takes_too_long_is_given_up(plain: Receiver) -> None:
    plain.answer(204, seconds=30)
    outcome = sender(seconds=0.5).send(parcel(plain.url()))
    assert (outcome.status, outcome.failure) == (None, AttemptFailure.TIMED_OUT)


def test_a_name_server_that_takes_too_long_is_given_up() -> None:
    release = threading.Event()

    def slow(_: str) -> list[str]:
        release.wait(30)
        return ["127.0.0.1"]

    try:
        outcome = sender(AddressRules(private=True, resolver=slow), seconds=0.2).send(parcel("https://events.example/"))
    finally:
        release.set()
    assert outcome.failure is AttemptFailure.TIMED_OUT


def test_nobody_there() -> None:
    outcome = sender().send(parcel(f"http://127.0.0.1:{free_port()}/"))
    assert outcome.failure is AttemptFailure.NOT_CONNECTED


def test_no_such_name() -> None:
    rules = AddressRules(resolver=lambda _: [])
    assert sender(rules).send(parcel("https://events.invalid/")).failure is AttemptFailure.NAME_UNKNOWN


def test_a_fault_of_ours_holds_up_one_event_and_is_logged() -> None:
    def broken(_: str) -> list[str]:
        raise RuntimeError("the resolver has a bug")

    with capture_logs() as lines:
        outcome = sender(AddressRules(resolver=broken)).send(parcel("https://events.example/"))
    assert outcome.failure is AttemptFailure.BROKEN_OFF
    assert [line["event"] for line in lines] == ["webhook-attempt-failed"]


def test_something_that_is_no_answer(tmp_path: Path) -> None:
    """A TLS server that is spoken to without TLS hangs up."""
    own, _ = certificate(tmp_path / "pki", "events.example")
    with receiver(tmp_path / "tls", str(own)) as running:
        outcome = sender().send(parcel(running.url()))
    assert outcome.failure is AttemptFailure.BROKEN_OFF


def test_the_certificate_is_of_the_name_and_of_an_authority_that_is_trusted(tmp_path: Path) -> None:
    own, authority = certificate(tmp_path / "pki", "events.example")
    with receiver(tmp_path / "tls", str(own)) as running:
        good, wrong = running.url("events.example", "https"), running.url("other.example", "https")
        assert sender(ca_file=authority).send(parcel(good)).accepted
        assert sender(ca_file=authority).send(parcel(wrong)).failure is AttemptFailure.NOT_CONNECTED
        assert sender().send(parcel(good)).failure is AttemptFailure.NOT_CONNECTED
        assert len(running.received) == 1


def test_trust_is_what_the_machine_has_and_the_file() -> None:
    assert trust(None).verify_mode is ssl.CERT_REQUIRED
    with pytest.raises(OSError, match="No such file"):
        trust(Path("/nowhere/ca.pem"))
