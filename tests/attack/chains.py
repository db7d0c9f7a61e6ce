"""Certificates that an attacker may have: of cards of the same city, and of authorities of their own."""

from __future__ import annotations

import base64
import json

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding
from sqlalchemy import select

from cardsvc.db import reading
from cardsvc.trust.models import Certificate
from cardsvc.wire.evidence import EVIDENCE_USAGE
from readers.piv.identifiers import KeyReference
from tests.attack.jws import unb64
from tests.attack.scene import Chain, Chains
from tests.attack.world import World
from tests.fixtures.authorities import Entity


def chains_of(world: World, evidence: str) -> Chains:
    """What there is, beside the chain of genuine evidence."""
    genuine = tuple(json.loads(unb64(evidence.split(".", maxsplit=1)[0]))["x5c"])
    cards = [_of_card(world, number, key, genuine[-1]) for number in range(2) for key in _KEYS]
    own = [_self_made([x509.ObjectIdentifier(EVIDENCE_USAGE)]), _self_made([])]
    return Chains(genuine, (*cards, *own), _text(world.services.authority.root))


_KEYS = (KeyReference.PIV_AUTHENTICATION, KeyReference.CARD_AUTHENTICATION)


def _of_card(world: World, number: int, key: KeyReference, issuing: str) -> tuple[Chain, ec.EllipticCurvePrivateKey]:
    card = world.cards[number]
    with reading(world.services.sessions) as session:
        statement = select(Certificate.der).where(Certificate.card_id == card.id, Certificate.key_reference == key)
        der = session.scalars(statement).one()
    return (base64.b64encode(der).decode(), issuing), card.keys[key]


def _self_made(usages: list[x509.ObjectIdentifier]) -> tuple[Chain, ec.EllipticCurvePrivateKey]:
    issuing = Entity.root().authority("Issuing")
    leaf = issuing.leaf(usages=usages)
    return (_text(leaf.certificate), _text(issuing.certificate)), leaf.key


def _text(certificate: x509.Certificate) -> str:
    return base64.b64encode(certificate.public_bytes(Encoding.DER)).decode()
