from __future__ import annotations

import hashlib
from uuid import UUID, uuid4

import pytest
from cryptography.hazmat.primitives.asymmetric import rsa

from readers.errors import CardInconsistent, CardNotAuthenticated, CertificateUnfit, CertificateUntrusted, ReaderError
from readers.piv.judging import VerifiedTap, verify_tap
from readers.piv.tap import TapResult
from tests.fixtures.authorities import Entity, year

ROOT = Entity.root()
ISSUING = ROOT.authority()
CARD = UUID("00112233-4455-4677-8899-aabbccddeeff")
NINE_E = ISSUING.leaf(uris=[CARD.urn])
MESSAGE = b"statement"
DIGEST = hashlib.sha256(MESSAGE).digest()


def tapped(
    signer: Entity = NINE_E, *, card_uuid: UUID = CARD, digest: bytes = DIGEST, message: bytes = MESSAGE
) -> TapResult:
    return TapResult(card_uuid, digest, signer.signature_of(message))


def verify(result: TapResult, nine_e: Entity = NINE_E) -> VerifiedTap:
    return verify_tap(result, nine_e.certificate, [ISSUING.certificate], [ROOT.certificate], year(2025))


def test_a_genuine_card() -> None:
    path = (NINE_E.certificate, ISSUING.certificate, ROOT.certificate)
    assert verify(tapped()) == VerifiedTap(CARD, path)


@pytest.mark.parametrize(
    ("result", "nine_e", "error"),
    [
        (tapped(ISSUING.leaf()), NINE_E, CardNotAuthenticated),  # signed by another key
        (tapped(message=b"something else"), NINE_E, CardNotAuthenticated),
        (tapped(digest=bytes(32)), NINE_E, CardNotAuthenticated),
        (tapped(card_uuid=uuid4()), NINE_E, CardInconsistent),  # the CHUID of another card
        (tapped(anonymous := ISSUING.leaf()), anonymous, CardInconsistent),  # names no card
        (tapped(both := ISSUING.leaf(uris=[CARD.urn, uuid4().urn])), both, CardInconsistent),
        (tapped(odd := ISSUING.leaf(uris=["urn:uuid:nonsense"])), odd, CardInconsistent),
        (tapped(foreign := Entity.root("Other").leaf(uris=[CARD.urn])), foreign, CertificateUntrusted),
        (tapped(nine_a := ISSUING.leaf(uris=[CARD.urn], usages=())), nine_a, CertificateUnfit),
        (
            tapped(),
            ISSUING.leaf(rsa.generate_private_key(65537, 2048).public_key(), uris=[CARD.urn]),
            CardNotAuthenticated,
        ),
    ],
    ids=["key", "message", "digest", "uuid", "no uuid", "two uuids", "odd uuid", "issuer", "usage", "rsa"],
)
def test_cards_that_are_not(result: TapResult, nine_e: Entity, error: type[ReaderError]) -> None:
    with pytest.raises(error):
        verify(result, nine_e)


def test_other_uris_do_not_matter() -> None:
    nine_e = ISSUING.leaf(uris=["https://cards.example/", CARD.urn.upper()])
    assert verify(tapped(nine_e), nine_e).card_uuid == CARD
