"""What every keystore does: the contract, for encrypted files and for a PKCS #11 token."""

from __future__ import annotations

import copy
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Protocol

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256, SHA384

from cardsvc.trust.file_keystore import FileKeystore
from cardsvc.trust.keystore import (
    ED25519_KEYS,
    MAC_KEYS,
    SEALING_KEYS,
    SIGNING_CURVES,
    KeyName,
    Keystore,
    KeystoreExists,
    KeystoreLocked,
    KeystoreMissing,
    NotSealedHere,
)
from cardsvc.trust.pkcs11_keystore import Pkcs11Keystore, TokenAddress
from tests.fixtures.services import PASSPHRASE


class Place(Protocol):
    """Where a keystore is."""

    def create(self) -> Keystore: ...
    def load(self) -> Keystore: ...
    def load_wrongly(self) -> Keystore: ...
    def complete(self) -> tuple[KeyName, ...]: ...


class Folder:
    def __init__(self, path: Path) -> None:
        self.path = path

    def create(self) -> Keystore:
        return FileKeystore.create(self.path, PASSPHRASE.encode())

    def load(self) -> Keystore:
        return FileKeystore.load(self.path, PASSPHRASE.encode())

    def load_wrongly(self) -> Keystore:
        return FileKeystore.load(self.path, b"wrong")

    def complete(self) -> tuple[KeyName, ...]:
        return FileKeystore.complete(self.path, PASSPHRASE.encode())


class Token:
    def __init__(self, address: TokenAddress) -> None:
        self.address = address

    def create(self) -> Keystore:
        return Pkcs11Keystore.create(self.address)

    def load(self) -> Keystore:
        return Pkcs11Keystore.load(self.address)

    def load_wrongly(self) -> Keystore:
        return Pkcs11Keystore.load(TokenAddress(self.address.module, self.address.label, "wrong-pin"))

    def complete(self) -> tuple[KeyName, ...]:
        return Pkcs11Keystore.complete(self.address)


KINDS = ("file", "pkcs11")


def make_place(kind: str, folder: Path, request: pytest.FixtureRequest) -> Place:
    if kind == "file":
        return Folder(folder / "keystore")
    new_token: Callable[[], TokenAddress] = request.getfixturevalue("soft_token")
    return Token(new_token())


@pytest.fixture(scope="module", params=KINDS)
def place(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Place:
    """With a keystore in it."""
    place = make_place(request.param, tmp_path_factory.mktemp("place"), request)
    place.create()
    return place


@pytest.fixture(params=KINDS)
def empty_place(request: pytest.FixtureRequest, tmp_path: Path) -> Place:
    return make_place(request.param, tmp_path, request)


@pytest.fixture
def store(place: Place) -> Keystore:
    return place.load()


@pytest.mark.parametrize("name", SIGNING_CURVES)
@pytest.mark.parametrize("algorithm", [SHA256(), SHA384()])
def test_signing_keys_sign(place: Place, store: Keystore, name: KeyName, algorithm: SHA256 | SHA384) -> None:
    if 8 * algorithm.digest_size > SIGNING_CURVES[name].key_size:
        return
    signature = store.signer(name).sign(b"message", ec.ECDSA(algorithm))
    public_key = place.load().public_key(name)
    public_key.verify(signature, b"message", ec.ECDSA(algorithm))
    assert isinstance(public_key.curve, type(SIGNING_CURVES[name]))
    assert store.signer(name).public_key() == public_key


def test_no_two_keys_are_the_same(store: Keystore) -> None:
    assert len({store.public_key(name).public_numbers().x for name in SIGNING_CURVES}) == len(SIGNING_CURVES)
    assert len({store.mac(name, b"message") for name in MAC_KEYS}) == len(MAC_KEYS)


def test_notes_are_signed_with_ed25519(place: Place, store: Keystore) -> None:
    for name in ED25519_KEYS:
        signature = store.ed25519_signer(name).sign(b"note")
        place.load().ed25519_signer(name).public_key().verify(signature, b"note")


def test_what_is_sealed_opens_for_its_key_and_context_alone(place: Place, store: Keystore) -> None:
    for name in SEALING_KEYS:
        sealed = store.seal(name, b"12345678", b"card/1")
        assert b"12345678" not in sealed
        assert place.load().open(name, sealed, b"card/1") == b"12345678"
        other = min(SEALING_KEYS - {name})
        changed = sealed[:-1] + bytes((sealed[-1] ^ 1,))
        for wrong in ((other, sealed, b"card/1"), (name, sealed, b"card/2"), (name, changed, b"card/1")):
            with pytest.raises(NotSealedHere):
                store.open(*wrong)
        assert store.open(name, sealed, b"card/1") == b"12345678"


@pytest.mark.parametrize("nothing", [b"", b"\x01", b"\x01" + bytes(27), b"\x02" + bytes(60)])
def test_what_was_never_sealed_does_not_open(store: Keystore, nothing: bytes) -> None:
    with pytest.raises(NotSealedHere):
        store.open(KeyName.ESCROW, nothing, b"")


def test_nothing_and_much_can_be_sealed(store: Keystore) -> None:
    for plaintext in (b"", bytes(100_000)):
        sealed = store.seal(KeyName.PERSONAL_DATA, plaintext, b"")
        assert store.open(KeyName.PERSONAL_DATA, sealed, b"") == plaintext


def test_macs_are_the_same_each_time(place: Place, store: Keystore) -> None:
    first = store.mac(KeyName.SECTOR, b"message")
    assert (len(first), place.load().mac(KeyName.SECTOR, b"message")) == (32, first)
    assert store.mac(KeyName.SECTOR, b"messagf") != first


@pytest.mark.parametrize("name", KeyName)
def test_no_key_does_what_it_is_not_for(store: Keystore, name: KeyName) -> None:
    uses: list[tuple[object, Callable[[], object]]] = [
        (SIGNING_CURVES, lambda: store.signer(name)),
        (SIGNING_CURVES, lambda: store.public_key(name)),
        (SIGNING_CURVES, lambda: store.add_version(name)),
        (ED25519_KEYS, lambda: store.ed25519_signer(name)),
        (SEALING_KEYS, lambda: store.seal(name, b"", b"")),
        (SEALING_KEYS, lambda: store.open(name, b"", b"")),
        (MAC_KEYS, lambda: store.mac(name, b"")),
    ]
    for kind, use in uses:
        assert isinstance(kind, dict | frozenset)
        if name not in kind:
            with pytest.raises(ValueError, match=f"{name} is no "):
                use()


def test_a_key_has_versions(empty_place: Place) -> None:
    keystore = empty_place.create()
    first = keystore.public_key(KeyName.ASSERTION)
    assert [keystore.add_version(KeyName.ASSERTION), keystore.add_version(KeyName.ASSERTION)] == [2, 3]
    again = empty_place.load()
    keys = [again.public_key(KeyName.ASSERTION, version) for version in (1, 2, 3)]
    assert keys[0] == first
    assert len({key.public_numbers().x for key in keys}) == 3
    signature = again.signer(KeyName.ASSERTION, 3).sign(b"message", ec.ECDSA(SHA256()))
    keys[2].verify(signature, b"message", ec.ECDSA(SHA256()))
    with pytest.raises(KeystoreMissing, match=r"assertion\.4"):
        again.signer(KeyName.ASSERTION, 4)


def test_a_keystore_that_is_loaded_sees_what_another_process_added(empty_place: Place) -> None:
    empty_place.create()
    before = empty_place.load()
    empty_place.load().add_version(KeyName.STATUS_LIST)
    before.signer(KeyName.STATUS_LIST, 2).sign(b"message", ec.ECDSA(SHA256()))


def test_nothing_is_made_twice(place: Place, store: Keystore) -> None:
    with pytest.raises(KeystoreExists):
        place.create()
    place.load().public_key(KeyName.ROOT_CA).verify(
        store.signer(KeyName.ROOT_CA).sign(b"", ec.ECDSA(SHA384())), b"", ec.ECDSA(SHA384())
    )


def test_nothing_is_missing_and_so_nothing_is_added(place: Place) -> None:
    assert place.complete() == ()


def test_where_nothing_is_made_nothing_is_loaded_or_completed(empty_place: Place) -> None:
    for attempt in (empty_place.load, empty_place.complete):
        with pytest.raises(KeystoreMissing, match="cardsvc init"):
            attempt()


def test_many_threads_sign_at_once(store: Keystore) -> None:
    """SoftHSM breaks with a session for each thread: the keystore must put them in a row."""
    public_key = store.public_key(KeyName.ASSERTION)

    def work(number: int) -> bool:
        message = str(number).encode()
        signature = store.signer(KeyName.ASSERTION).sign(message, ec.ECDSA(SHA256()))
        public_key.verify(signature, message, ec.ECDSA(SHA256()))
        sealed = store.seal(KeyName.ESCROW, message, b"")
        return store.open(KeyName.ESCROW, sealed, b"") == message

    with ThreadPoolExecutor(8) as pool:
        assert all(pool.map(work, range(200)))


def test_repr_tells_nothing(store: Keystore) -> None:
    assert PASSPHRASE not in repr(store)


def test_a_wrong_passphrase_opens_no_files(tmp_path: Path) -> None:
    folder = Folder(tmp_path / "keystore")
    folder.create()
    with pytest.raises(KeystoreLocked):
        folder.load_wrongly()


def test_copies_of_a_signer_are_the_same_key(store: Keystore) -> None:
    signer = store.signer(KeyName.ASSERTION)
    for copied in (copy.copy(signer), copy.deepcopy(signer)):
        assert copied.public_key() == signer.public_key()


def test_certificates_are_signed(store: Keystore) -> None:
    """What `cryptography` asks of a signer, it gets."""
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "Test")])
    request = x509.CertificateSigningRequestBuilder(name).sign(store.signer(KeyName.ROOT_CA), SHA384())
    assert request.is_signature_valid
