"""Going on with a card that was begun: what has it got, of all that was going to be written?

The card is asked, not the journal: of a write that broke off the journal knows only that it may have been done. Nothing
here spends the last try of a PIN or PUK, and a guess at one is journaled like a write.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from functools import partial
from typing import Final

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec

from cardsvc.db import reading
from cardsvc.issuance.assignment import unpack_management_key
from cardsvc.issuance.errors import CardLocked
from cardsvc.issuance.escrow import Escrowed
from cardsvc.issuance.journal import Doing, Journal
from cardsvc.issuance.models import SecretKind, Verdict
from cardsvc.issuance.possession import possesses
from cardsvc.issuance.probing import LEAST_TRIES, FoundCard, OpenCard, opens
from cardsvc.issuance.writing import ISSUED_KEYS, VOUCHED, CardWriter
from cardsvc.trust.certificates import find_unrevoked
from readers.errors import CardError, ObjectNotFound, PinBlocked, ProtocolError, WrongPin
from readers.piv.admin import PivAdmin
from readers.piv.identifiers import CERTIFICATE_OBJECTS, KeyReference, ObjectId, PinReference
from readers.piv.metadata import is_factory_value, tries_left
from readers.piv.photograph import photograph_of
from readers.piv.pin import Pin
from readers.piv.session import PivSession

_ENOUGH_TRIES: Final = 2
"""With fewer, the next wrong guess would be the last."""
_PUK_GUESS: Final = "puk-guess"
_PIN_GUESS: Final = "pin-guess"
UNBLOCK_PIN: Final = "unblock-pin"
UNBLOCK_PUK: Final = "unblock-puk"
_USES_OF_PUK: Final = (SecretKind.PUK, UNBLOCK_PIN, UNBLOCK_PUK)


def open_begun(found: FoundCard, escrowed: Mapping[SecretKind, Escrowed]) -> OpenCard:
    """Take the management key of a card that holds our marker: the new one, or the one before.

    The card was reset before, so that no PIN is verified. Raises CardLocked, and what the connection raises.
    """
    _require_pin_tries(found.session)
    admin, keys = PivAdmin(found.session), escrowed[SecretKind.MANAGEMENT_KEY]
    kept = [unpack_management_key(key) for key in (keys.pending, keys.confirmed) if key is not None]
    candidates = kept if keys.confirmed is not None else [*kept, found.product.management_key]
    for key in candidates:
        if opens(admin, key):
            return OpenCard(found.session, admin, found.product, key)
    raise CardLocked("management key")


def _require_pin_tries(session: PivSession) -> None:
    """Raises CardLocked when the PIN is at its last try: a wrong one may have to be ruled out."""
    try:
        left = session.pin_tries_left()
    except PinBlocked:
        left = 0
    if left is not None and left < _ENOUGH_TRIES:
        raise CardLocked("PIN")


def has_got(writer: CardWriter, step: str) -> bool:
    """Whether the card has what this step of an earlier turn was going to write; the journal is told.

    Raises CardLocked, TakenOver, CallerShutOut, and what the connection raises.
    """
    newest = writer.journal.newest(step)
    if newest is None:
        return False
    got = _CHECKS[step](writer)
    if newest.done_at is None and newest.verdict is None:
        writer.journal.decide(step, Verdict.KEPT if got else Verdict.REPEATED, writer.confirming(step) if got else None)
    return got


def took_puk(
    session: PivSession,
    journal: Journal,
    pending: Pin,
    *,
    factory_before: bool,
    confirm: Doing,
    prepare: Doing | None = None,
) -> bool:
    """Whether a card has the PUK that it was going to get, or still the one before.

    By metadata, where there are any and the one before is the factory's; else by changing it to itself. Raises
    CardLocked when that could be the last try, and what the connection raises.
    """
    if factory_before:
        factory = is_factory_value(session, PinReference.PUK)
        if factory is not None:
            return not factory
    left = tries_left(session, PinReference.PUK)
    if left is None:  # the card does not tell: every guess without an answer may have cost a try
        left = LEAST_TRIES - journal.unanswered(_PUK_GUESS, _USES_OF_PUK)
    if left < _ENOUGH_TRIES:
        raise CardLocked("PUK")
    try:
        with journal.write(_PUK_GUESS, prepare, confirm=confirm):
            session.change_puk(pending, pending)
    except WrongPin as wrong:
        if wrong.tries_left < _ENOUGH_TRIES:
            raise CardLocked("PUK") from wrong
        return False
    return True


def _has_puk(writer: CardWriter) -> bool:
    puk = writer.escrowed[SecretKind.PUK]
    if puk.confirmed is not None:
        return True
    return took_puk(
        writer.card.session,
        writer.journal,
        writer.secrets.puk,
        factory_before=True,
        confirm=writer.confirming_secret(SecretKind.PUK),
    )


def _has_transport_pin(writer: CardWriter) -> bool:
    """The tries were looked at when the card was opened; the right one of the two fills them up again."""
    if writer.escrowed[SecretKind.TRANSPORT_PIN].confirmed is not None:
        return True
    session = writer.card.session
    factory = is_factory_value(session, PinReference.APPLICATION_PIN)
    if factory is not None:
        return not factory
    try:
        with writer.journal.write(_PIN_GUESS):
            session.verify_pin(writer.secrets.transport_pin)
    except WrongPin:
        return False
    return True


def _has_key(writer: CardWriter, key: KeyReference) -> bool:
    """A key that was certified, and that the card uses still. Any other is made anew: it costs less than doubt."""
    with reading(writer.services.sessions) as session:
        row = find_unrevoked(session, writer.assignment.card_id, key)
    if row is None:
        return False
    certificate = x509.load_der_x509_certificate(row.der)
    public_key = certificate.public_key()
    if not isinstance(public_key, ec.EllipticCurvePublicKey):
        return False
    try:
        if key is not KeyReference.CARD_AUTHENTICATION:
            writer.card.session.verify_pin(writer.secrets.transport_pin)
        if not possesses(writer.card.session, key, public_key, writer.assignment.card_uuid):
            return False
    except (WrongPin, PinBlocked):
        raise CardLocked("PIN") from None
    except CardError:
        return False
    writer.keys[key], writer.origins[key], writer.certificates[key] = public_key, row.key_origin, certificate
    return True


def _has_certificate(writer: CardWriter, key: KeyReference) -> bool:
    if key not in writer.certificates:
        return False
    return _holds(writer, CERTIFICATE_OBJECTS[key], writer.certificate_object(key))


def _has_printed_information(writer: CardWriter) -> bool:
    return _holds(writer, ObjectId.PRINTED_INFORMATION, writer.printed_information)


def _has_facial_image(writer: CardWriter) -> bool:
    """It was signed once; signed again, it would be another. And it is of the photograph that is kept now."""
    content = _read_as_written(writer, "facial-image", ObjectId.FACIAL_IMAGE)
    if content is None or photograph_of(content) != writer.photograph:
        return False
    writer.contents[ObjectId.FACIAL_IMAGE] = content
    return True


def _has_security_object(writer: CardWriter) -> bool:
    """It was signed once over objects that stand as they stood then; signed again, it would be another."""
    content = _read_as_written(writer, "security-object", ObjectId.SECURITY_OBJECT)
    if content is None or writer.rewritten & VOUCHED:
        return False
    writer.contents[ObjectId.SECURITY_OBJECT] = content
    return True


def _has_management_key(writer: CardWriter) -> bool:
    return writer.card.management_key == writer.secrets.management_key


def _has_chuid(writer: CardWriter) -> bool:
    return _holds(writer, ObjectId.CHUID, bytes(writer.assignment.chuid))


def _has_ccc(writer: CardWriter) -> bool:
    """By it the card was known."""
    return ObjectId.CCC in writer.contents


def _holds(writer: CardWriter, object_id: ObjectId, wanted: bytes) -> bool:
    same = _read(writer.card.session, object_id) == wanted
    if same:
        writer.contents[object_id] = wanted
    return same


def _read_as_written(writer: CardWriter, step: str, object_id: ObjectId) -> bytes | None:
    """What is on the card, if the journal knows it by its hash."""
    content, entry = _read(writer.card.session, object_id), writer.journal.newest(step)
    if content is None or entry is None or hashlib.sha256(content).digest() != entry.content_sha256:
        return None
    return content


def _read(session: PivSession, object_id: ObjectId) -> bytes | None:
    try:
        return session.read_object(object_id)
    except (ObjectNotFound, ProtocolError):
        return None


_CHECKS: Final[Mapping[str, Callable[[CardWriter], bool]]] = {
    "ccc": _has_ccc,
    SecretKind.PUK: _has_puk,
    SecretKind.TRANSPORT_PIN: _has_transport_pin,
    **{f"key-{key:02x}": partial(_has_key, key=key) for key in ISSUED_KEYS},
    **{f"certificate-{key:02x}": partial(_has_certificate, key=key) for key in ISSUED_KEYS},
    "printed-information": _has_printed_information,
    "facial-image": _has_facial_image,
    "security-object": _has_security_object,
    SecretKind.MANAGEMENT_KEY: _has_management_key,
    "chuid": _has_chuid,
}
"""For each step, whether the card has got what it writes."""
