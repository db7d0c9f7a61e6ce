"""The certificates of departments' seals, as OpenSSL sees them."""

from __future__ import annotations

import base64

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from cardsvc.db import transaction
from cardsvc.departments.errors import SealRefused
from cardsvc.departments.seals import certify_seal, revoke_seal
from cardsvc.trust.profiles import PROFILES
from readers.errors import PathError
from readers.paths import Policies, validate_path
from tests.fixtures.proofs import City
from tests.fixtures.publishing import OpenSsl, later


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
