"""What the OCSP responder says (RFC 6960), as OpenSSL sees it."""

from __future__ import annotations

import base64
import os
import re
from datetime import timedelta
from urllib.parse import quote

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.hashes import SHA1, SHA256
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509 import ocsp

from cardsvc.wire.lifecycle import RevocationReason
from tests.fixtures.proofs import City
from tests.fixtures.publishing import OpenSsl, certificate, get, hold, later, release, revoke


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


def test_a_line_break_in_the_url_is_no_request_and_the_document_says_so(city: City) -> None:
    http = city.http()
    answer = http.get("/ocsp/%C2%A5%0A%20")
    assert (answer.status_code, answer.headers["content-type"]) == (404, "application/problem+json")
    assert "404" in http.get("/openapi.json").json()["paths"]["/ocsp/{encoded}"]["get"]["responses"]
