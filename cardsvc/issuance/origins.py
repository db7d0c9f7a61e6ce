"""How sure we are that a key was made on the card and never left it.

A card of a maker that the city trusts says so itself, for each key. Any other key is merely asserted: by the card, and
by the desk that relays what the card says.
"""

from __future__ import annotations

from datetime import datetime
from typing import Final

from cryptography.hazmat.primitives.asymmetric import ec

from cardsvc.issuance.errors import AttestationRefuted
from cardsvc.issuance.makers import TrustedMakers
from cardsvc.issuance.probing import OpenCard
from cardsvc.trust.models import KeyOrigin
from cardsvc.trust.weak_keys import weakness_of
from readers.certificates import public_key_of
from readers.errors import CardError, CardInconsistent, PathError
from readers.piv.admin import PinPolicy, TouchPolicy
from readers.piv.attestation import read_attestation, verify_attestation
from readers.piv.identifiers import KeyReference

_PIN_POLICIES: Final = {
    KeyReference.PIV_AUTHENTICATION: (PinPolicy.ONCE, PinPolicy.ALWAYS),
    KeyReference.DIGITAL_SIGNATURE: (PinPolicy.ALWAYS,),
    KeyReference.CARD_AUTHENTICATION: (PinPolicy.NEVER,),
}
"""What SP 800-73-5 part 1 table 4b wants of each key, and so what the levels of assurance rest on."""


def origin_of(
    card: OpenCard, key: KeyReference, public_key: ec.EllipticCurvePublicKey, makers: TrustedMakers, now: datetime
) -> KeyOrigin:
    """Ask the card where the key that it just showed was made, and believe it as far as its maker is trusted.

    Raises AttestationRefuted when the card attests another key, or one that is used in another way than we want: then
    somebody stands between us and the card. Raises what the connection raises.
    """
    if not makers.roots or not card.product.attests:
        return KeyOrigin.ASSERTED
    try:
        attestation = read_attestation(card.session, key)
        verified = verify_attestation(
            attestation, key, public_key, makers.roots, now, intermediates=makers.intermediates
        )
    except (CardError, PathError):
        return KeyOrigin.ASSERTED
    except CardInconsistent as error:
        raise AttestationRefuted(f"{key:02X}") from error
    if any(weakness_of(public_key_of(certificate)) is not None for certificate in verified.path):
        return KeyOrigin.ASSERTED  # somebody may have found out the key that vouches (ROCA, in YubiKey 4)
    as_wanted = verified.pin_policy in _PIN_POLICIES[key] and verified.touch_policy is TouchPolicy.NEVER
    if not as_wanted:
        raise AttestationRefuted(f"{key:02X}")
    return KeyOrigin.ATTESTED
