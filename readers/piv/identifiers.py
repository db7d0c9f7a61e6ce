"""Names and numbers of the PIV card application (SP 800-73-5 part 1 §4 and part 2 §3, SP 800-78-5 §6)."""

from __future__ import annotations

from enum import IntEnum
from typing import Final

from cryptography import x509

PIV_AID: Final = bytes.fromhex("A000000308000010000100")
"""Application identifier with version (SP 800-73-5 part 1 §2.2)."""
PIV_AID_PARTIAL: Final = PIV_AID[:9]
"""RID and PIX without the version, enough for SELECT (part 2 §3.1.1)."""


class Instruction(IntEnum):
    """INS bytes of the PIV card command interface (SP 800-73-5 part 2 table 2)."""

    VERIFY = 0x20
    CHANGE_REFERENCE_DATA = 0x24
    RESET_RETRY_COUNTER = 0x2C
    GENERATE_ASYMMETRIC_KEY_PAIR = 0x47
    GENERAL_AUTHENTICATE = 0x87
    SELECT = 0xA4
    GET_RESPONSE = 0xC0
    GET_DATA = 0xCB
    PUT_DATA = 0xDB


class VendorInstruction(IntEnum):
    """INS bytes of Yubico's extensions, which other products took over in part."""

    SET_MANAGEMENT_KEY = 0xFF
    IMPORT_ASYMMETRIC_KEY = 0xFE
    GET_VERSION = 0xFD
    RESET = 0xFB
    SET_PIN_RETRIES = 0xFA
    ATTEST = 0xF9
    GET_SERIAL = 0xF8
    GET_METADATA = 0xF7


class KeyReference(IntEnum):
    """Key references (SP 800-73-5 part 1 table 4b)."""

    PIV_AUTHENTICATION = 0x9A
    CARD_MANAGEMENT = 0x9B
    DIGITAL_SIGNATURE = 0x9C
    KEY_MANAGEMENT = 0x9D
    CARD_AUTHENTICATION = 0x9E


class PinReference(IntEnum):
    """Reference data that VERIFY and CHANGE REFERENCE DATA name (part 1 table 4a)."""

    GLOBAL_PIN = 0x00
    APPLICATION_PIN = 0x80
    PUK = 0x81


class Algorithm(IntEnum):
    """Cryptographic mechanisms (SP 800-78-5 table 9)."""

    TDES = 0x03
    RSA_3072 = 0x05
    RSA_2048 = 0x07
    AES_128 = 0x08
    AES_192 = 0x0A
    AES_256 = 0x0C
    ECC_P256 = 0x11
    ECC_P384 = 0x14


class ObjectId(IntEnum):
    """BER-TLV tags of the data objects (SP 800-73-5 part 1 table 3)."""

    CCC = 0x5FC107
    CHUID = 0x5FC102
    CERTIFICATE_PIV_AUTHENTICATION = 0x5FC105
    FINGERPRINTS = 0x5FC103
    SECURITY_OBJECT = 0x5FC106
    FACIAL_IMAGE = 0x5FC108
    CERTIFICATE_CARD_AUTHENTICATION = 0x5FC101
    CERTIFICATE_DIGITAL_SIGNATURE = 0x5FC10A
    CERTIFICATE_KEY_MANAGEMENT = 0x5FC10B
    PRINTED_INFORMATION = 0x5FC109
    DISCOVERY = 0x7E
    KEY_HISTORY = 0x5FC10C
    ATTESTATION_CERTIFICATE = 0x5FFF01
    """Of slot F9 (Yubico extension)."""
    IRIS_IMAGES = 0x5FC121
    BIOMETRIC_TEMPLATES = 0x7F61
    """Biometric information templates group: how a finger is compared on the card."""
    SECURE_MESSAGING_SIGNER = 0x5FC122
    PAIRING_CODE = 0x5FC123
    RETIRED_CERTIFICATE_1 = 0x5FC10D
    RETIRED_CERTIFICATE_2 = 0x5FC10E
    RETIRED_CERTIFICATE_3 = 0x5FC10F
    RETIRED_CERTIFICATE_4 = 0x5FC110
    RETIRED_CERTIFICATE_5 = 0x5FC111
    RETIRED_CERTIFICATE_6 = 0x5FC112
    RETIRED_CERTIFICATE_7 = 0x5FC113
    RETIRED_CERTIFICATE_8 = 0x5FC114
    RETIRED_CERTIFICATE_9 = 0x5FC115
    RETIRED_CERTIFICATE_10 = 0x5FC116
    RETIRED_CERTIFICATE_11 = 0x5FC117
    RETIRED_CERTIFICATE_12 = 0x5FC118
    RETIRED_CERTIFICATE_13 = 0x5FC119
    RETIRED_CERTIFICATE_14 = 0x5FC11A
    RETIRED_CERTIFICATE_15 = 0x5FC11B
    RETIRED_CERTIFICATE_16 = 0x5FC11C
    RETIRED_CERTIFICATE_17 = 0x5FC11D
    RETIRED_CERTIFICATE_18 = 0x5FC11E
    RETIRED_CERTIFICATE_19 = 0x5FC11F
    RETIRED_CERTIFICATE_20 = 0x5FC120
    """Of keys that decrypt what was encrypted for an earlier 9D."""


PIV_FASC_N: Final = x509.ObjectIdentifier("2.16.840.1.101.3.6.6")
"""pivFASC-N, a type of otherName and a signed attribute."""
ENTRY_UUID: Final = x509.ObjectIdentifier("1.3.6.1.1.16.4")
"""entryUUID (RFC 4530), the signed attribute that carries the card UUID."""

CERTIFICATE_OBJECTS: Final = {
    KeyReference.PIV_AUTHENTICATION: ObjectId.CERTIFICATE_PIV_AUTHENTICATION,
    KeyReference.DIGITAL_SIGNATURE: ObjectId.CERTIFICATE_DIGITAL_SIGNATURE,
    KeyReference.KEY_MANAGEMENT: ObjectId.CERTIFICATE_KEY_MANAGEMENT,
    KeyReference.CARD_AUTHENTICATION: ObjectId.CERTIFICATE_CARD_AUTHENTICATION,
}
"""Where the certificate of each key lives."""

RETIRED_CERTIFICATES: Final = tuple(ObjectId(ObjectId.RETIRED_CERTIFICATE_1 + number) for number in range(20))
"""Those of the keys 82 to 95, in this order."""

_DATA_FIELD: Final = 0x53
_UNDER_THEIR_OWN_TAG: Final = frozenset({ObjectId.DISCOVERY, ObjectId.BIOMETRIC_TEMPLATES})


def container_tag(object_id: ObjectId) -> int:
    """The tag that an object travels under: 53, or for two of them their own (part 2 table 22)."""
    return object_id if object_id in _UNDER_THEIR_OWN_TAG else _DATA_FIELD
