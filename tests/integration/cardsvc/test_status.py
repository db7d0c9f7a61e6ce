"""What is published about certificates and cards, as OpenSSL and a JOSE library that we do not sign with see it."""

from __future__ import annotations

import base64
import os
import re
import subprocess
import zlib
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from urllib.parse import quote
from uuid import uuid4

import httpx
import jwt
import pytest
from cryptography import x509
from cryptography.hazmat.primitives.hashes import SHA1, SHA256
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509 import ocsp
from sqlalchemy import select

from cardsvc.app import create_app
from cardsvc.cards.models import Card
from cardsvc.db import reading, transaction
from cardsvc.departments.errors import SealRefused
from cardsvc.departments.seals import certify_seal, revoke_seal
from cardsvc.trust.certificates import CRL_REASONS, put_into_force, put_on_hold, revoke_all
from cardsvc.trust.models import Certificate
from cardsvc.trust.profiles import PROFILES
from cardsvc.wire.lifecycle import CardState, RevocationReason
from cardsvc.wire.status_list import StatusReference
from readers.errors import CertificateRevoked, PathError
from readers.paths import Policies, validate_path
from readers.piv.identifiers import KeyReference
from tests.fixtures.live import serving
from tests.fixtures.proofs import BASE_URL, City, IssuedCard


@pytest.fixture
def city(sqlite_city: City) -> City:
    """A little behind the machine's time, which is what OpenSSL goes by: so there is room for things to happen."""
    sqlite_city.clock.now = datetime.now(UTC) - timedelta(minutes=10)
    return sqlite_city


def later(city: City) -> None:
    """After what is published has been looked at again."""
    city.clock.advance(seconds=10)


def hold(city: City, card: IssuedCard) -> None:
    with transaction(city.services.sessions) as session:
        session.get_one(Card, card.id).state = CardState.HELD
        put_on_hold(session, card.id, city.clock())
    later(city)


def release(city: City, card: IssuedCard) -> None:
    with transaction(city.services.sessions) as session:
        session.get_one(Card, card.id).state = CardState.ACTIVE
        put_into_force(session, card.id)
    later(city)


def revoke(city: City, card: IssuedCard, reason: RevocationReason = RevocationReason.STOLEN) -> None:
    with transaction(city.services.sessions) as session:
        session.get_one(Card, card.id).state = CardState.REVOKED
        revoke_all(session, card.id, CRL_REASONS[reason], city.clock())
    later(city)


def certificate(city: City, card: IssuedCard) -> x509.Certificate:
    with reading(city.services.sessions) as session:
        statement = select(Certificate.der).where(
            Certificate.card_id == card.id, Certificate.key_reference == int(KeyReference.CARD_AUTHENTICATION)
        )
        return x509.load_der_x509_certificate(session.scalars(statement).one())


def get(city: City, path: str) -> httpx.Response:
    response = city.http().get(path)
    assert response.status_code == 200, response.text
    return response


def crl(city: City, issuer: str = "issuing") -> x509.CertificateRevocationList:
    return x509.load_der_x509_crl(get(city, f"/crl/{issuer}.crl").content)


@dataclass(frozen=True)
class OpenSsl:
    """The program, with the certificates of a city in files."""

    folder: Path
    city: City

    def run(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            ["openssl", *arguments], capture_output=True, text=True, check=False, cwd=self.folder, env=os.environ
        )

    def write(self, name: str, *certificates: x509.Certificate) -> str:
        (self.folder / name).write_bytes(b"".join(one.public_bytes(Encoding.PEM) for one in certificates))
        return name

    def verify(self, leaf: x509.Certificate) -> str:
        """With the revocation lists of both authorities; what it says."""
        authority = self.city.services.authority
        lists = b"".join(crl(self.city, code).public_bytes(Encoding.PEM) for code in ("root", "issuing"))
        (self.folder / "crls").write_bytes(lists)
        files = ("-CAfile", self.write("root", authority.root), "-untrusted", self.write("issuing", authority.issuing))
        done = self.run(
            "verify", "-x509_strict", "-crl_check_all", "-CRLfile", "crls", *files, self.write("leaf", leaf)
        )
        return done.stdout + done.stderr

    def ask(self, leaf: x509.Certificate, *options: str) -> str:
        """Ask the service over HTTP, and judge the answer; what it says."""
        authority = self.city.services.authority
        names = ("-issuer", self.write("issuing", authority.issuing), "-cert", self.write("leaf", leaf))
        trust = ("-CAfile", self.write("root", authority.root), "-verify_other", "issuing")
        kept = ("-reqout", "request", "-respout", "response")
        with serving(create_app(self.city.services)) as url:
            done = self.run("ocsp", "-url", f"{url}/ocsp", *names, *trust, *kept, *options)
        return done.stdout + done.stderr


@pytest.fixture
def openssl(city: City, tmp_path: Path) -> OpenSsl:
    return OpenSsl(tmp_path, city)


class TestRevocationLists:
    def test_openssl_takes_an_active_card_and_none_that_is_held_or_revoked(self, city: City, openssl: OpenSsl) -> None:
        card = city.card()
        leaf = certificate(city, card)
        assert openssl.verify(leaf) == "leaf: OK\n"
        for change, status in ((hold, "revoked"), (release, "OK"), (revoke, "revoked")):
            change(city, card)
            assert status in openssl.verify(leaf)

    def test_a_card_is_on_hold_until_it_is_active(self, city: City, openssl: OpenSsl) -> None:
        leaf = certificate(city, city.card(CardState.DELIVERED))
        assert "certificate revoked" in openssl.verify(leaf)
        entry = crl(city).get_revoked_certificate_by_serial_number(leaf.serial_number)
        assert entry is not None
        assert reason_of(entry) is x509.ReasonFlags.certificate_hold

    @pytest.mark.parametrize("reason", RevocationReason)
    def test_the_reason_is_told_as_rfc_5280_has_it(self, city: City, reason: RevocationReason) -> None:
        card = city.card()
        revoke(city, card, reason)
        entry = crl(city).get_revoked_certificate_by_serial_number(certificate(city, card).serial_number)
        assert entry is not None
        assert reason_of(entry) is CRL_REASONS[reason]

    def test_our_own_path_validation_reads_it(self, city: City) -> None:
        card, authority = city.card(), city.services.authority
        revoke(city, card)
        lists = [crl(city, code).public_bytes(Encoding.DER) for code in ("root", "issuing")]
        with pytest.raises(CertificateRevoked) as revoked:
            validate_path(certificate(city, card), [authority.issuing], [authority.root], city.clock(), crls=lists)
        assert revoked.value.why is x509.ReasonFlags.key_compromise

    def test_it_is_signed_anew_when_something_changed_and_not_when_nothing_did(self, city: City) -> None:
        card = city.card()
        first = crl(city)
        later(city)
        assert crl(city) == first
        revoke(city, card)
        second = crl(city)
        assert (number_of(first), number_of(second)) == (1, 2)
        assert city.clock() - timedelta(minutes=1) < second.last_update_utc <= city.clock()

    def test_it_is_signed_anew_long_before_it_is_too_old(self, city: City) -> None:
        first = crl(city)
        city.clock.advance(hours=13)
        second = crl(city)
        assert number_of(second) == number_of(first) + 1
        assert first.next_update_utc is not None
        assert second.last_update_utc < first.next_update_utc

    def test_an_expired_certificate_leaves_it_after_a_while(self, city: City) -> None:
        card = city.card()
        revoke(city, card)
        end = certificate(city, card).not_valid_after_utc
        for days, listed in ((1, True), (8, False)):
            city.clock.now = end + timedelta(days=days)
            assert (len(crl(city)) > 0) is listed

    def test_a_certificate_says_where_its_list_is(self, city: City) -> None:
        card = certificate(city, city.card())
        points = card.extensions.get_extension_for_class(x509.CRLDistributionPoints).value
        access = card.extensions.get_extension_for_class(x509.AuthorityInformationAccess).value
        assert [name.value for point in points for name in point.full_name or ()] == [f"{BASE_URL}/crl/issuing.crl"]
        assert [one.access_location.value for one in access] == [f"{BASE_URL}/ocsp", f"{BASE_URL}/ca/issuing.cer"]
        der = get(city, "/ca/issuing.cer").content
        assert x509.load_der_x509_certificate(der) == city.services.authority.issuing
        assert x509.load_der_x509_certificate(get(city, "/ca/root.cer").content) == city.services.authority.root

    @pytest.mark.parametrize("path", ["/crl/issuing-2.crl", "/crl/none.crl", "/ca/issuing-2.cer"])
    def test_of_another_issuer_there_is_none(self, city: City, path: str) -> None:
        answer = city.http().get(path)
        assert (answer.status_code, answer.json()["type"].rpartition(":")[2]) == (404, "not-published")


def reason_of(entry: x509.RevokedCertificate) -> x509.ReasonFlags:
    return entry.extensions.get_extension_for_class(x509.CRLReason).value.reason


def number_of(published: x509.CertificateRevocationList) -> int:
    return published.extensions.get_extension_for_class(x509.CRLNumber).value.crl_number


class TestOcsp:
    def test_openssl_is_told_what_is_true(self, city: City, openssl: OpenSsl) -> None:
        card = city.card()
        leaf = certificate(city, card)
        for change, answer in (
            (later, "leaf: good"),
            (lambda city: hold(city, card), "leaf: revoked"),
            (lambda city: release(city, card), "leaf: good"),
            (lambda city: revoke(city, card), "leaf: revoked"),
        ):
            change(city)
            said = openssl.ask(leaf)
            assert "Response verify OK" in said
            assert answer in said
            assert "no nonce" not in said

    def test_openssl_is_told_the_reason(self, city: City, openssl: OpenSsl) -> None:
        card = city.card()
        hold(city, card)
        assert "Reason: certificateHold" in openssl.ask(certificate(city, card))
        revoke(city, card, RevocationReason.SUPERSEDED)
        assert "Reason: superseded" in openssl.ask(certificate(city, card))

    def test_without_a_nonce_it_verifies_too(self, city: City, openssl: OpenSsl) -> None:
        said = openssl.ask(certificate(city, city.card()), "-no_nonce")
        assert "Response verify OK" in said
        assert "leaf: good" in said

    def test_openssl_refuses_an_answer_to_another_request(self, city: City, openssl: OpenSsl) -> None:
        openssl.ask(certificate(city, city.card()))
        openssl.run("ocsp", "-issuer", "issuing", "-cert", "leaf", "-reqout", "another")
        trust = ("-CAfile", "root", "-verify_other", "issuing")
        for request, said in (("request", "Response verify OK"), ("another", "Nonce Verify error")):
            done = openssl.run("ocsp", "-reqin", request, "-respin", "response", *trust)
            assert said in done.stdout + done.stderr

    def test_openssl_refuses_a_forged_answer(self, city: City, openssl: OpenSsl) -> None:
        leaf = certificate(city, city.card())
        openssl.ask(leaf, "-no_nonce")
        response = (openssl.folder / "response").read_bytes()
        serial = leaf.serial_number.to_bytes(20, "big")
        assert response.count(serial) == 1
        (openssl.folder / "response").write_bytes(response.replace(serial, serial[:-1] + bytes((serial[-1] ^ 1,))))
        done = openssl.run("ocsp", "-reqin", "request", "-respin", "response", "-CAfile", "root")
        assert "Response Verify Failure" in done.stderr + done.stdout

    def test_a_number_that_we_never_issued_is_unknown(self, city: City, openssl: OpenSsl) -> None:
        issuer = openssl.write("issuing", city.services.authority.issuing)
        openssl.run("ocsp", "-issuer", issuer, "-serial", "0x1234", "-reqout", "request", "-no_nonce")
        answer = city.http().post("/ocsp", content=(openssl.folder / "request").read_bytes()).content
        assert ocsp.load_der_ocsp_response(answer).certificate_status is ocsp.OCSPCertStatus.UNKNOWN

    def test_about_the_certificates_of_others_nothing_is_said(self, city: City) -> None:
        authority = city.services.authority
        request = ocsp.OCSPRequestBuilder().add_certificate(authority.issuing, authority.root, SHA256()).build()
        answer = ask(city, request)
        assert answer.response_status is ocsp.OCSPResponseStatus.UNAUTHORIZED

    def test_the_content_signer_is_good(self, city: City) -> None:
        authority = city.services.authority
        builder = ocsp.OCSPRequestBuilder().add_certificate(authority.content_signing, authority.issuing, SHA1())  # noqa: S303
        assert ask(city, builder.build()).certificate_status is ocsp.OCSPCertStatus.GOOD

    @pytest.mark.parametrize("size", [1, 32, 128])
    def test_a_nonce_comes_back(self, city: City, size: int) -> None:
        """RFC 9654 §2.1: of 1 to 128 octets."""
        nonce = os.urandom(size)
        answer = ask(city, request_with(city, nonce))
        assert answer.extensions.get_extension_for_class(x509.OCSPNonce).value.nonce == nonce

    @pytest.mark.parametrize("size", [0, 129])
    def test_a_nonce_of_another_size_is_malformed(self, city: City, size: int) -> None:
        answer = ask(city, request_with(city, os.urandom(size)))
        assert answer.response_status is ocsp.OCSPResponseStatus.MALFORMED_REQUEST

    @pytest.mark.parametrize("content", [b"", b"nonsense", b"\x30\x80", bytes(5000)])
    def test_what_is_no_request_is_malformed(self, city: City, content: bytes) -> None:
        answer = city.http().post("/ocsp", content=content)
        assert answer.status_code == 200
        status = ocsp.load_der_ocsp_response(answer.content).response_status
        assert status is ocsp.OCSPResponseStatus.MALFORMED_REQUEST

    def test_without_a_nonce_one_signature_serves_many(self, city: City) -> None:
        card = city.card()
        request = request_about(city, certificate(city, card)).public_bytes(Encoding.DER)
        path = "/ocsp/" + quote(base64.b64encode(request).decode(), safe="")
        first, posted, again = get(city, path), city.http().post("/ocsp", content=request), get(city, path)
        assert first.content == posted.content == again.content
        assert re.fullmatch(r"public, max-age=\d+", first.headers["Cache-Control"])
        revoke(city, card)
        assert ocsp.load_der_ocsp_response(get(city, path).content).certificate_status is ocsp.OCSPCertStatus.REVOKED

    def test_a_shared_answer_is_made_anew_in_good_time(self, city: City) -> None:
        request = request_about(city, certificate(city, city.card()))
        first = ask(city, request)
        city.clock.advance(minutes=31)
        second = ask(city, request)
        assert second.this_update_utc == first.this_update_utc + timedelta(minutes=31)
        assert first.next_update_utc is not None
        assert second.this_update_utc < first.next_update_utc

    def test_the_responder_gets_a_new_certificate_before_the_old_one_ends(self, city: City) -> None:
        request = request_about(city, certificate(city, city.card()))
        first = ask(city, request).certificates[0]
        city.clock.advance(days=16)
        second = ask(city, request).certificates[0]
        assert second.not_valid_before_utc < first.not_valid_after_utc < second.not_valid_after_utc
        assert first.extensions.get_extension_for_class(x509.OCSPNoCheck).critical is False

    @pytest.mark.parametrize("path", ["/ocsp/!!!!", "/ocsp/AAAA", "/ocsp/%C3%A9"])
    def test_what_is_no_base64_is_malformed(self, city: City, path: str) -> None:
        answer = ocsp.load_der_ocsp_response(get(city, path).content)
        assert answer.response_status is ocsp.OCSPResponseStatus.MALFORMED_REQUEST


def request_about(city: City, leaf: x509.Certificate) -> ocsp.OCSPRequest:
    builder = ocsp.OCSPRequestBuilder().add_certificate(leaf, city.services.authority.issuing, SHA256())
    return builder.build()


def request_with(city: City, nonce: bytes) -> ocsp.OCSPRequest:
    builder = ocsp.OCSPRequestBuilder().add_certificate(
        certificate(city, city.card()), city.services.authority.issuing, SHA256()
    )
    return builder.add_extension(x509.OCSPNonce(nonce), critical=False).build()


def ask(city: City, request: ocsp.OCSPRequest) -> ocsp.OCSPResponse:
    answer = city.http().post("/ocsp", content=request.public_bytes(Encoding.DER))
    return ocsp.load_der_ocsp_response(answer.content)


class TestStatusLists:
    def test_another_library_reads_what_is_true(self, city: City) -> None:
        card = city.card()
        changes: list[tuple[Callable[[City, IssuedCard], None], int]] = [(hold, 2), (release, 0), (revoke, 1)]
        assert status(city, card) == 0
        for change, expected in changes:
            change(city, card)
            assert status(city, card) == expected

    @pytest.mark.parametrize(
        ("state", "expected"),
        [
            (CardState.PERSONALISING, 2),
            (CardState.SEALED, 2),
            (CardState.DELIVERED, 2),
            (CardState.ACTIVE, 0),
            (CardState.QUARANTINED, 1),
            (CardState.EXPIRED, 1),
            (CardState.DESTROYED, 1),
        ],
    )
    def test_the_state_of_the_card_is_told(self, city: City, state: CardState, expected: int) -> None:
        assert status(city, city.card(state)) == expected

    def test_a_card_whose_time_is_over_is_invalid(self, city: City) -> None:
        card = city.card()
        city.clock.now = certificate(city, card).not_valid_after_utc + timedelta(days=1)
        assert status(city, card) == 1

    def test_places_are_random_and_no_two_cards_have_the_same(self, city: City) -> None:
        places = [reference(city, city.card()) for _ in range(8)]
        assert len({place.index for place in places}) == 8
        assert len({place.uri for place in places}) == 1
        assert [place.index for place in places] != sorted(place.index for place in places)

    def test_neither_the_number_of_cards_nor_a_change_can_be_told(self, city: City) -> None:
        """There are thousands of each status among decoys; and what changes with a card changes elsewhere too."""
        card = city.card(CardState.DELIVERED)
        before = statuses(city, card)
        assert all(sum(status == value for status in before) > 1000 for value in (0, 1, 2))
        changed = 0
        for change in (release, hold) * 6:
            change(city, card)
            after = statuses(city, card)
            changed += sum(one != other for one, other in zip(before, after, strict=True))
            before = after
        assert changed > 12

    def test_it_is_not_signed_anew_while_nothing_changes(self, city: City) -> None:
        path = reference(city, city.card()).uri.removeprefix(BASE_URL)
        first = get(city, path)
        later(city)
        assert get(city, path).content == first.content
        assert first.headers["Content-Type"] == "application/statuslist+jwt"
        assert first.headers["Cache-Control"] == "public, max-age=300"

    def test_another_list_there_is_not(self, city: City) -> None:
        assert city.http().get(f"/status-lists/{uuid4()}").status_code == 404
        assert city.http().get("/status-lists/1").status_code == 422


def reference(city: City, card: IssuedCard) -> StatusReference:
    found = StatusReference.of_certificate(certificate(city, card))
    assert found is not None
    return found


def statuses(city: City, card: IssuedCard) -> list[int]:
    """As draft-ietf-oauth-status-list §8.3 says, with PyJWT and the JWKS."""
    uri = reference(city, card).uri
    token = get(city, uri.removeprefix(BASE_URL)).text
    keys = jwt.PyJWKSet.from_dict(get(city, "/.well-known/jwks.json").json())
    header = jwt.get_unverified_header(token)
    assert header["typ"] == "statuslist+jwt"
    claims = jwt.decode(
        token,
        keys[header["kid"]].key,
        algorithms=["ES256"],
        options={"require": ["sub", "iat", "exp", "ttl"], "verify_exp": False, "verify_iat": False},
    )
    assert claims["sub"] == uri
    assert claims["iat"] <= city.clock().timestamp() < claims["exp"]
    assert claims["status_list"]["bits"] == 2
    packed = zlib.decompress(base64.urlsafe_b64decode(claims["status_list"]["lst"] + "=="))
    return [byte >> shift & 3 for byte in packed for shift in (0, 2, 4, 6)]


def status(city: City, card: IssuedCard) -> int:
    return statuses(city, card)[reference(city, card).index]


class TestSeals:
    """Certificates of departments' seals stand in the same lists as those of cards."""

    def request(self, openssl: OpenSsl, *options: str) -> bytes:
        curve = options or ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256")
        openssl.run("req", "-new", "-nodes", *curve, "-keyout", "seal.key", "-subj", "/CN=Mayor", "-out", "seal.csr")
        return (openssl.folder / "seal.csr").read_bytes()

    def certify(self, city: City, request: bytes) -> x509.Certificate:
        with transaction(city.services.sessions) as session:
            return certify_seal(
                session, city.services.authority, "medical-insurance", request, actor="ceremony", now=city.clock()
            )

    def test_openssl_trusts_it_until_it_is_revoked(self, city: City, openssl: OpenSsl) -> None:
        city.department()
        seal = self.certify(city, self.request(openssl))
        assert seal.subject.rfc4514_string() == "CN=medical-insurance"
        assert "leaf: OK" in openssl.verify(seal)
        assert "leaf: good" in openssl.ask(seal)

        with transaction(city.services.sessions) as session:
            serial, reason = f"{seal.serial_number:X}", x509.ReasonFlags.key_compromise
            for _ in range(2):
                revoke_seal(session, serial, reason, actor="ceremony", now=city.clock())
        later(city)
        assert "certificate revoked" in openssl.verify(seal)
        assert "Reason: keyCompromise" in openssl.ask(seal)

    def test_it_does_not_pass_for_a_card(self, city: City, openssl: OpenSsl) -> None:
        city.department()
        seal, authority = self.certify(city, self.request(openssl)), city.services.authority
        for reference in PROFILES:
            with pytest.raises(PathError):
                validate_path(
                    seal,
                    [authority.issuing],
                    [authority.root],
                    city.clock(),
                    usage=PROFILES[reference].extended_usages[0],
                    policies=Policies(acceptable=frozenset({PROFILES[reference].policy.dotted_string}), explicit=True),
                )

    def test_a_key_is_certified_once(self, city: City, openssl: OpenSsl) -> None:
        city.department()
        request = self.request(openssl)
        self.certify(city, request)
        with pytest.raises(SealRefused, match="already"):
            self.certify(city, request)

    @pytest.mark.parametrize(
        ("options", "why"),
        [
            (("-newkey", "rsa:2048"), "P-256"),
            (("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-384"), "P-256"),
        ],
    )
    def test_another_kind_of_key_is_refused(
        self, city: City, openssl: OpenSsl, options: tuple[str, ...], why: str
    ) -> None:
        city.department()
        with pytest.raises(SealRefused, match=why):
            self.certify(city, self.request(openssl, *options))

    def test_a_request_that_its_key_did_not_sign_is_refused(self, city: City, openssl: OpenSsl) -> None:
        city.department()
        request = x509.load_pem_x509_csr(self.request(openssl)).public_bytes(Encoding.DER)
        forged = base64.encodebytes(request[:-1] + bytes((request[-1] ^ 1,)))
        with pytest.raises(SealRefused):
            self.certify(city, b"-----BEGIN CERTIFICATE REQUEST-----\n%b-----END CERTIFICATE REQUEST-----\n" % forged)
        with pytest.raises(SealRefused):
            self.certify(city, b"hello")


def test_a_line_break_in_the_url_is_no_request_and_the_document_says_so(sqlite_city: City) -> None:
    http = sqlite_city.http()
    answer = http.get("/ocsp/%C2%A5%0A%20")
    assert (answer.status_code, answer.headers["content-type"]) == (404, "application/problem+json")
    assert "404" in http.get("/openapi.json").json()["paths"]["/ocsp/{encoded}"]["get"]["responses"]
