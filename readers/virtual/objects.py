"""GET DATA and PUT DATA, and who may read which object (SP 800-73-5 part 1 table 2, part 2 §3.1.2 and §3.3.1)."""

from __future__ import annotations

from enum import Enum
from typing import Final

from readers import tlv
from readers.apdu import CommandApdu
from readers.errors import MalformedTlv
from readers.piv.identifiers import ObjectId
from readers.status import KnownStatus
from readers.virtual import attesting
from readers.virtual.applet import Applet, Refused, require
from readers.virtual.state import PinPolicy

_CURRENT_APPLICATION: Final = 0x3FFF
_TAG_LIST: Final = 0x5C
_CONTENT: Final = 0x53
_BIOMETRIC_GROUP: Final = 0x7F61
_SELF_CONTAINED: Final = (ObjectId.DISCOVERY, _BIOMETRIC_GROUP)
"""Objects that travel under their own tag instead of 53."""
_VENDOR_OBJECTS: Final = range(0x5FFF00, 0x600000)
_DISCOVERY: Final = bytes.fromhex("4F0B A000000308000010000100 5F2F02")
"""The AID, and the head of the PIN usage policy (part 1 §3.3.2)."""


class Access(Enum):
    """Who may read an object."""

    ALWAYS = "on both interfaces"
    CONTACT = "on the contact interface; over contactless it would take a virtual contact interface"
    PIN = "on the contact interface, after the PIN"


_ACCESS: Final = {
    ObjectId.CCC: Access.CONTACT,
    ObjectId.CHUID: Access.ALWAYS,
    ObjectId.CERTIFICATE_PIV_AUTHENTICATION: Access.CONTACT,
    ObjectId.FINGERPRINTS: Access.PIN,
    ObjectId.SECURITY_OBJECT: Access.CONTACT,
    ObjectId.FACIAL_IMAGE: Access.PIN,
    ObjectId.CERTIFICATE_CARD_AUTHENTICATION: Access.ALWAYS,
    ObjectId.CERTIFICATE_DIGITAL_SIGNATURE: Access.CONTACT,
    ObjectId.CERTIFICATE_KEY_MANAGEMENT: Access.CONTACT,
    ObjectId.PRINTED_INFORMATION: Access.PIN,
    ObjectId.DISCOVERY: Access.ALWAYS,
    ObjectId.KEY_HISTORY: Access.CONTACT,
    **dict.fromkeys(range(0x5FC10D, 0x5FC121), Access.CONTACT),  # retired key management certificates 1 to 20
    0x5FC121: Access.PIN,  # iris images
    _BIOMETRIC_GROUP: Access.ALWAYS,
    0x5FC122: Access.ALWAYS,  # secure messaging certificate signer
    0x5FC123: Access.PIN,  # pairing code
}


def get_data(applet: Applet, command: CommandApdu) -> bytes:
    """One object in its container. Who may not read it does not learn whether it is there."""
    require((command.p1 << 8 | command.p2) == _CURRENT_APPLICATION, KnownStatus.INCORRECT_P1_P2)
    tag = _requested(command.data)
    access = _access(applet, tag)
    if access is not Access.ALWAYS:
        applet.require_contact()
    if access is Access.PIN:
        applet.require_pin(PinPolicy.ONCE)
    content = _content(applet, tag)
    if not content:
        if applet.profile.missing_object is KnownStatus.SUCCESS:
            return b""
        raise Refused(applet.profile.missing_object)
    return tlv.encode(tag if tag in _SELF_CONTAINED else _CONTENT, content)


def _content(applet: Applet, tag: int) -> bytes:
    if tag == ObjectId.ATTESTATION_CERTIFICATE and applet.profile.attestation_name:
        attesting.equip(applet)
    served = _DISCOVERY + applet.profile.pin_usage if tag == ObjectId.DISCOVERY else b""
    return applet.state.objects.get(tag, served)


def put_data(applet: Applet, command: CommandApdu) -> bytes:
    """Write one object; empty content removes it."""
    applet.require_management()
    require((command.p1 << 8 | command.p2) == _CURRENT_APPLICATION, KnownStatus.INCORRECT_P1_P2)
    tag, content = _written(command.data)
    _access(applet, tag)
    require(tag != ObjectId.DISCOVERY or applet.profile.discovery_writable, KnownStatus.FUNCTION_NOT_SUPPORTED)
    applet.store.replace(applet.state.with_object(tag, content))
    return b""


def _access(applet: Applet, tag: int) -> Access:
    if tag in _VENDOR_OBJECTS and applet.profile.extended:
        return Access.CONTACT
    try:
        return _ACCESS[tag]
    except KeyError:
        raise Refused(KnownStatus.NOT_FOUND) from None


def _requested(data: bytes) -> int:
    try:
        tag = tlv.unwrap(data, _TAG_LIST)
    except MalformedTlv:
        raise Refused(KnownStatus.INCORRECT_DATA) from None
    require(1 <= len(tag) <= 3, KnownStatus.INCORRECT_DATA)
    return int.from_bytes(tag, "big")


def _written(data: bytes) -> tuple[int, bytes]:
    """Tag and content of PUT DATA: 5C and 53, or one of the objects that carry their own tag (part 2 table 22)."""
    try:
        elements = tuple(tlv.iterate(data))
    except MalformedTlv:
        raise Refused(KnownStatus.INCORRECT_DATA) from None
    match elements:
        case ((0x5C, tag), (0x53, content)) if len(tag) == 3:
            return int.from_bytes(tag, "big"), content
        case ((tag, content),) if tag in _SELF_CONTAINED:
            return tag, content
    raise Refused(KnownStatus.INCORRECT_DATA)
