"""The lists of revoked certificates (RFC 5280), as OpenSSL and our own path validation see them."""

from __future__ import annotations

from datetime import timedelta

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from cardsvc.trust.certificates import CRL_REASONS
from cardsvc.wire.lifecycle import CardState, RevocationReason
from readers.errors import CertificateRevoked
from readers.paths import validate_path
from tests.fixtures.proofs import BASE_URL, City
from tests.fixtures.publishing import OpenSsl, certificate, crl, get, hold, later, release, revoke


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
