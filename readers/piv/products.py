"""What differs between PIV products, as data and small classes.

`recognise` tells which one a session talks to, by what the card answers to questions that cost no try. To add a
product: one `Product` here, and how it is recognised; see ``docs/products.md``.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Final

from readers import tlv
from readers.apdu import SHORT_DATA, SHORT_LE, CommandApdu
from readers.errors import ObjectNotFound, ProtocolError
from readers.piv.admin import PivAdmin
from readers.piv.identifiers import Algorithm, ObjectId, VendorInstruction
from readers.piv.management_key import KEY_SIZES, ManagementKey
from readers.piv.metadata import management_algorithm
from readers.piv.pin import Pin
from readers.piv.serials import SerialSource, chip_serial, no_serial, yubico_serial
from readers.piv.session import PivSession
from readers.reader_features import longest_data

FACTORY_PIN: Final = Pin("123456")
FACTORY_PUK: Final = Pin("12345678")
_NOBODY: Final = tlv.encode(0x30, bytes(25))
"""The FASC-N of a CHUID that no issuer wrote."""
_WRAPPING: Final = 9
"""Bytes around a long object in the command that writes it: ``5C 03`` and its tag, ``53 82`` and its length."""
_WELL_KNOWN: Final = bytes(range(1, 9)) * 4
"""Every product that is delivered with a management key is delivered with as much of this as it takes."""


def well_known_key(algorithm: Algorithm) -> ManagementKey:
    """The key 0102030405060708, repeated to the length of ``algorithm``."""
    return ManagementKey(algorithm, _WELL_KNOWN[: KEY_SIZES[algorithm]])


@dataclass(frozen=True, slots=True)
class YubicoKeySetter:
    """SET MANAGEMENT KEY (Yubico extension FF), for keys of these algorithms, the strongest first."""

    algorithms: tuple[Algorithm, ...]

    @property
    def strongest(self) -> Algorithm:
        """What a new key should be."""
        return self.algorithms[0]

    def set(self, admin: PivAdmin, new: ManagementKey) -> None:
        """Replace the key; the old one is authenticated. Raises ValueError for an algorithm the product has not."""
        if new.algorithm not in self.algorithms:
            raise ValueError(f"this product takes no {new.algorithm.name} management key")
        admin.set_management_key(new)


_AES_AND_3DES: Final = YubicoKeySetter((Algorithm.AES_256, Algorithm.AES_192, Algorithm.AES_128, Algorithm.TDES))
_AES_ALONE: Final = YubicoKeySetter((Algorithm.AES_256, Algorithm.AES_192, Algorithm.AES_128))
_3DES_ALONE: Final = YubicoKeySetter((Algorithm.TDES,))


@dataclass(frozen=True, slots=True)
class Product:
    """A kind of card, as it comes from the factory.

    PIN, PUK and management key are public knowledge and must be gone when a card is issued.
    """

    name: str
    management_key: ManagementKey
    key_setter: YubicoKeySetter | None
    """How the management key is replaced; without a way, the service cannot take the card over."""
    sets_pin_retries: bool
    """SET PIN RETRIES (Yubico extension FA). It puts PIN and PUK back to the factory's, so it comes before those."""
    serves: frozenset[ObjectId]
    """Objects that the product answers by itself and does not let anybody write."""
    origins: Mapping[int, bool] | None
    """How GET METADATA says that a key was made on the card (True) or imported; None where it says nothing."""
    attests: bool = False
    """Whether slot F9 vouches for keys made on the card (`readers.piv.attestation`)."""
    key_varies: bool = False
    """The algorithm of ``management_key`` is whoever's who delivered the card: ask `factory_key`."""
    serial: SerialSource = no_serial
    chuid_from_factory: bool = False
    """It is delivered with a CHUID whose FASC-N is all zero: that card is blank nevertheless."""
    extended_apdus: bool = False
    """Known to take extended APDUs; whether the reader does is another matter."""
    max_links: int | None = None
    """So many short APDUs make one command, and no more."""
    max_command: int | None = None
    """Bytes of data that one command has room for, however it is sent; None where it takes what the standard wants."""
    pin: Pin = FACTORY_PIN
    puk: Pin = FACTORY_PUK
    firmware: str | None = field(default=None, compare=False)
    """What `recognise` was told by this very card, where it is told anything: the product is the same."""

    @property
    def sets_management_key(self) -> bool:
        """Whether the management key can be replaced."""
        return self.key_setter is not None

    @property
    def max_object(self) -> int | None:
        """Bytes of content of the longest object; None where it takes what the standard wants."""
        return None if self.max_command is None else self.max_command - _WRAPPING

    @property
    def discovery_writable(self) -> bool:
        """Whether the discovery object is ours to write."""
        return ObjectId.DISCOVERY not in self.serves

    @property
    def reports_origin(self) -> bool:
        """Whether GET METADATA tells where a key was made."""
        return self.origins is not None


_YUBICO_ORIGINS: Final = {1: True, 2: False}
_DISCOVERY: Final = frozenset({ObjectId.DISCOVERY})

STRICT: Final = Product(
    name="SP 800-73 without extensions",
    management_key=well_known_key(Algorithm.TDES),
    key_setter=None,
    sets_pin_retries=False,
    serves=frozenset(),
    origins=None,
    key_varies=True,
)
YUBICO_4: Final = Product(
    name="Yubico 4.3 to 5.2",
    management_key=well_known_key(Algorithm.TDES),
    key_setter=_3DES_ALONE,
    sets_pin_retries=True,
    serves=_DISCOVERY,
    origins=None,
    attests=True,
    serial=yubico_serial,  # from 5.0 on
    extended_apdus=True,
    max_command=3072,  # CB_BUF_MAX of yubico-piv-tool
)
YUBICO_5_3: Final = replace(YUBICO_4, name="Yubico 5.3 to 5.6", key_setter=_AES_AND_3DES, origins=_YUBICO_ORIGINS)
YUBICO_5_7: Final = replace(YUBICO_5_3, name="Yubico 5.7 and later", management_key=well_known_key(Algorithm.AES_192))
PIVAPPLET: Final = Product(
    name="PivApplet",
    management_key=well_known_key(Algorithm.TDES),
    key_setter=_3DES_ALONE,
    sets_pin_retries=True,
    serves=_DISCOVERY,
    origins=None,
    attests=True,
    serial=chip_serial,  # it answers F8 too, with a number drawn at random when it is installed
    chuid_from_factory=True,
    max_links=10,
    max_command=10 * SHORT_DATA,
)
OPENFIPS201: Final = Product(
    name="OpenFIPS201",
    # Delivered without any key: this is what pre-personalisation, over a GlobalPlatform secure channel, is told to set.
    # The same channel would replace it.
    management_key=well_known_key(Algorithm.AES_192),
    key_setter=None,
    sets_pin_retries=False,
    serves=_DISCOVERY,
    origins=None,
    key_varies=True,
    serial=chip_serial,
)

_BY_VERSION: Final = (((5, 7, 0), YUBICO_5_7), ((5, 3, 0), YUBICO_5_3), ((4, 3, 0), YUBICO_4))
"""The first whose version is not above the card's. Firmware 5.7 made AES-192 the kind of the factory's key."""

_PIVAPPLET: Final = re.compile(r"PivApplet(?: v(\d+)\.(\d+)[.\d]*(?:/(\w*))?)?")
"""Its label: name, version, and its build options as letters (PivApplet 0.9, `APP_NAME`)."""
_PIVAPPLET_ORIGINS: Final = {0: True, 1: False}


def recognise(session: PivSession) -> Product:
    """The product that an open session talks to; `STRICT` for one that has nothing to say of itself.

    By the label in the answer to SELECT, which costs nothing, and by GET VERSION where that tells nothing.
    """
    applet = _PIVAPPLET.match(session.label)
    if applet is not None:
        return _pivapplet(applet)
    if session.label.startswith(OPENFIPS201.name):
        return OPENFIPS201
    response = session.exchange(CommandApdu(0, VendorInstruction.GET_VERSION, 0, 0, le=SHORT_LE))
    if not response.status.ok or len(response.data) != 3:
        return STRICT
    version = tuple(response.data)
    product = next((product for first, product in _BY_VERSION if version >= first), STRICT)
    return replace(product, firmware=".".join(map(str, version)))


def _pivapplet(label: re.Match[str]) -> Product:
    major, minor, options = label.groups()
    if options is None:  # before it told its options it knew 3DES alone, and no metadata
        return PIVAPPLET
    aes, tdes = "a" in options, "D" in options
    return replace(
        PIVAPPLET,
        name=f"PivApplet {major}.{minor}",
        firmware=f"{major}.{minor}",
        management_key=well_known_key(Algorithm.TDES if tdes else Algorithm.AES_192),
        key_setter=(_AES_AND_3DES if tdes else _AES_ALONE) if aes else _3DES_ALONE,
        origins=_PIVAPPLET_ORIGINS,
        attests="A" in options,
        extended_apdus="x" in options,
    )


def apdu_data(session: PivSession, product: Product) -> int:
    """How many bytes of data one APDU may have, as `PivSession.open` takes it. Raises nothing.

    More than 255 where the product is known to take extended APDUs and the reader's driver says that the reader does.
    """
    return longest_data(session.connection) if product.extended_apdus else SHORT_DATA


def is_blank(session: PivSession, product: Product) -> bool:
    """Whether nobody issued the card yet: it has no CHUID but the factory's. Raises CardError, ProtocolError."""
    try:
        chuid = session.read_object(ObjectId.CHUID)
    except ObjectNotFound:
        return True
    return product.chuid_from_factory and chuid.startswith(_NOBODY)


def factory_key(session: PivSession, product: Product, configured: Algorithm | None = None) -> ManagementKey:
    """The management key of a card fresh from the factory: of the ``configured`` algorithm, or the one it answers to.

    Raises ProtocolError when no algorithm will do.
    """
    if configured is not None:
        return well_known_key(configured)
    if not product.key_varies:
        return product.management_key
    found = management_algorithms(session)
    if not found:
        raise ProtocolError("the card's management key is of no algorithm that we know")
    return well_known_key(found[0])


def management_algorithms(
    session: PivSession, candidates: Sequence[Algorithm] = tuple(KEY_SIZES)
) -> tuple[Algorithm, ...]:
    """Which of ``candidates`` the card's management key can be of, the likeliest first; usually exactly one.

    By metadata where there are any. Else the card is asked for a witness of each, which every card refuses for another
    algorithm than its key's (6A86, 6A80) or answers with a block of its own size. No witness is ever answered, so this
    costs no try, where a card should count them. Raises what the connection raises.
    """
    told = management_algorithm(session)
    if told is not None:
        return (told,) if told in candidates else ()
    admin = PivAdmin(session)
    return tuple(algorithm for algorithm in candidates if _gives_witness(admin, algorithm))


def _gives_witness(admin: PivAdmin, algorithm: Algorithm) -> bool:
    try:
        return admin.offers_witness(algorithm)
    except ProtocolError:
        return False
