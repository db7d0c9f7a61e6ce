"""The keystore of encrypted files."""

from __future__ import annotations

import hashlib
import hmac
import json
import shutil
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256

from cardsvc.trust.file_keystore import FileKeystore
from cardsvc.trust.keystore import (
    ED25519_KEYS,
    MAC_KEYS,
    SEALING_KEYS,
    SIGNING_CURVES,
    KeyName,
    KeystoreError,
    KeystoreExists,
    KeystoreLocked,
    KeystoreMissing,
    NotSealedHere,
)
from tests.fixtures.services import PASSPHRASE


@pytest.fixture
def folder(keystore_folder: Path, tmp_path: Path) -> Path:
    """A keystore of one's own to damage."""
    return Path(shutil.copytree(keystore_folder, tmp_path / "keystore"))


def load(folder: Path) -> FileKeystore:
    return FileKeystore.load(folder, PASSPHRASE.encode())


def test_every_key_has_one_use() -> None:
    kinds = (frozenset(SIGNING_CURVES), ED25519_KEYS, SEALING_KEYS, MAC_KEYS)
    assert sorted(name for kind in kinds for name in kind) == sorted(KeyName)


@pytest.mark.parametrize("name", SIGNING_CURVES)
def test_signing_keys_sign_and_are_the_same_after_loading(folder: Path, keystore: FileKeystore, name: KeyName) -> None:
    again = load(folder)
    signature = again.signer(name).sign(b"message", ec.ECDSA(SHA256()))
    keystore.public_key(name).verify(signature, b"message", ec.ECDSA(SHA256()))
    assert isinstance(again.public_key(name).curve, type(SIGNING_CURVES[name]))


@pytest.mark.parametrize("name", sorted(ED25519_KEYS))
def test_ed25519_keys_sign_and_are_the_same_after_loading(folder: Path, keystore: FileKeystore, name: KeyName) -> None:
    signature = load(folder).ed25519_signer(name).sign(b"note")
    keystore.ed25519_signer(name).public_key().verify(signature, b"note")


def test_signing_keys_differ(keystore: FileKeystore) -> None:
    points = {keystore.public_key(name).public_numbers().x for name in SIGNING_CURVES}
    assert len(points) == len(SIGNING_CURVES)


@pytest.mark.parametrize("name", sorted(SEALING_KEYS))
def test_sealing_survives_loading_and_is_bound_to_key_and_context(
    folder: Path, keystore: FileKeystore, name: KeyName
) -> None:
    sealed = keystore.seal(name, b"12345678", b"card/1")
    assert load(folder).open(name, sealed, b"card/1") == b"12345678"
    other = min(SEALING_KEYS - {name})
    for wrong_name, wrong_context in ((name, b"card/2"), (other, b"card/1")):
        with pytest.raises(NotSealedHere):
            keystore.open(wrong_name, sealed, wrong_context)


def test_macs_are_hmac_sha256_under_keys_of_their_own(keystore: FileKeystore) -> None:
    macs = {keystore.mac(name, b"message") for name in MAC_KEYS}
    assert len(macs) == len(MAC_KEYS)
    key = keystore._opened[KeyName.SECTOR]
    assert keystore.mac(KeyName.SECTOR, b"message") == hmac.digest(key, b"message", hashlib.sha256)


@pytest.mark.parametrize("name", KeyName)
def test_no_key_does_what_it_is_not_for(keystore: FileKeystore, name: KeyName) -> None:
    if name not in SIGNING_CURVES:
        with pytest.raises(ValueError, match="no signing key"):
            keystore.signer(name)
    if name not in ED25519_KEYS:
        with pytest.raises(ValueError, match="no Ed25519 key"):
            keystore.ed25519_signer(name)
    if name not in SEALING_KEYS:
        with pytest.raises(ValueError, match="no sealing key"):
            keystore.seal(name, b"", b"")
    if name not in MAC_KEYS:
        with pytest.raises(ValueError, match="no authenticating key"):
            keystore.mac(name, b"")


def test_files_are_the_owners_and_hold_no_key_in_clear(keystore_folder: Path, keystore: FileKeystore) -> None:
    for path in (*keystore_folder.glob("*.key"), keystore_folder / "keystore.json"):
        assert path.stat().st_mode & 0o777 == 0o600
    private = keystore.signer(KeyName.ASSERTION).private_numbers().private_value.to_bytes(32, "big")
    secret = keystore._opened[KeyName.ESCROW]
    for path in keystore_folder.iterdir():
        content = path.read_bytes()
        assert private not in content
        assert secret not in content


def test_a_wrong_passphrase_opens_nothing(folder: Path) -> None:
    with pytest.raises(KeystoreLocked):
        FileKeystore.load(folder, b"wrong")


def test_a_changed_file_is_noticed(folder: Path) -> None:
    path = folder / "escrow.key"
    content = bytearray(path.read_bytes())
    content[-1] ^= 1
    path.write_bytes(content)
    with pytest.raises(KeystoreLocked, match="escrow"):
        load(folder)


def test_a_key_cannot_take_the_place_of_another(folder: Path) -> None:
    shutil.copy(folder / "assertion.key", folder / "access-token.key")
    with pytest.raises(KeystoreLocked, match="access-token"):
        load(folder)


def test_a_missing_key_is_named(folder: Path) -> None:
    (folder / "sector.key").unlink()
    with pytest.raises(KeystoreMissing, match=r"sector\.key"):
        load(folder)


def test_an_older_keystore_gets_the_keys_it_lacks(folder: Path, keystore: FileKeystore) -> None:
    (folder / "ocsp.key").unlink()
    (folder / "audit-log.key").unlink()
    assert set(FileKeystore.complete(folder, PASSPHRASE.encode())) == {KeyName.OCSP, KeyName.AUDIT_LOG}
    again = load(folder)
    assert again.public_key(KeyName.ASSERTION) == keystore.public_key(KeyName.ASSERTION)
    assert again.public_key(KeyName.OCSP) != keystore.public_key(KeyName.OCSP)
    assert FileKeystore.complete(folder, PASSPHRASE.encode()) == ()


def test_keys_are_added_under_the_same_passphrase_only(folder: Path) -> None:
    (folder / "ocsp.key").unlink()
    with pytest.raises(KeystoreLocked):
        FileKeystore.complete(folder, b"another")
    assert not (folder / "ocsp.key").exists()


def test_no_keystore_says_how_to_make_one(tmp_path: Path) -> None:
    with pytest.raises(KeystoreMissing, match="cardsvc init"):
        load(tmp_path)


def test_nothing_is_written_over_a_keystore(folder: Path) -> None:
    before = {path.name: path.read_bytes() for path in folder.iterdir()}
    with pytest.raises(KeystoreExists):
        FileKeystore.create(folder, b"another")
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == before


@pytest.mark.parametrize("change", [{"format": "citizen-card-keystore/9"}, {"scrypt": {"n": 2**30, "salt": ""}}])
def test_a_header_that_is_not_ours_is_refused(folder: Path, change: dict[str, object]) -> None:
    header = json.loads((folder / "keystore.json").read_text())
    (folder / "keystore.json").write_text(json.dumps(header | change))
    with pytest.raises(KeystoreError, match="format"):
        load(folder)


def test_a_header_that_is_not_json_is_refused(folder: Path) -> None:
    (folder / "keystore.json").write_text("{")
    with pytest.raises(KeystoreError, match="JSON"):
        load(folder)


def test_repr_tells_nothing(keystore: FileKeystore) -> None:
    assert repr(keystore) == f"<FileKeystore of {len(KeyName)} keys>"
