"""GENERAL AUTHENTICATE and GENERATE ASYMMETRIC KEY PAIR (SP 800-73-5 part 2 §3.2.4, §3.3.2 and appendix A)."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.asymmetric.utils import Prehashed
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from readers.virtual.profiles import STRICT
from tests.fixtures.apdus import FACTORY_KEY, Host, decrypt, encrypt, host

DIGEST = hashlib.sha256(b"a message").digest()
MUTUAL = bytes.fromhex("7C028000")
EXTERNAL = bytes.fromhex("7C028100")
MANAGEMENT_KEYS = {0x03: FACTORY_KEY, 0x08: bytes(range(16)), 0x0A: bytes(range(24)), 0x0C: bytes(range(32))}


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "card.json"


@pytest.fixture
def keyed(path: Path) -> Path:
    """A card with a P-256 key under each reference."""
    card = host(path)
    card.authenticate()
    for key in (0x9A, 0x9C, 0x9D, 0x9E):
        card.generate(key)
    card.card.close()
    return path


def with_management_key(path: Path, algorithm: int) -> Host:
    card = host(path)
    card.authenticate()
    key = MANAGEMENT_KEYS[algorithm]
    assert card.status("00FFFFFF", bytes((algorithm, 0x9B, len(key))), key) == 0x9000
    card.card.close()
    return host(path)


@pytest.mark.parametrize("algorithm", MANAGEMENT_KEYS)
def test_external_authentication(path: Path, algorithm: int) -> None:
    card = with_management_key(path, algorithm)
    assert card.authenticate(bytes(len(MANAGEMENT_KEYS[algorithm])), algorithm) == 0x6982
    assert card.put(0x5FC102, b"x") == 0x6982
    assert card.authenticate(MANAGEMENT_KEYS[algorithm], algorithm) == 0x9000
    assert card.put(0x5FC102, b"x") == 0x9000


@pytest.mark.parametrize("algorithm", MANAGEMENT_KEYS)
def test_mutual_authentication(path: Path, algorithm: int) -> None:
    key, block = MANAGEMENT_KEYS[algorithm], 8 if algorithm == 0x03 else 16
    card = with_management_key(path, algorithm)
    command = f"0087{algorithm:02X}9B"
    witness = decrypt(key, algorithm, card.send(command, MUTUAL).data[4:])
    challenge = bytes(range(block))
    proof = bytes((0x80, block)) + witness + bytes((0x81, block)) + challenge
    answer = card.send(command, bytes((0x7C, len(proof))), proof)
    assert answer.status == 0x9000
    assert answer.data == bytes((0x7C, block + 2, 0x82, block)) + encrypt(key, algorithm, challenge)
    assert card.put(0x5FC102, b"x") == 0x9000


def test_the_algorithm_must_be_the_key_s(path: Path) -> None:
    card = host(path)
    assert card.status("00870A9B", EXTERNAL) == 0x6A86
    assert card.status("0087009B", EXTERNAL) == 0x9000, "00 is another name for 3DES (SP 800-78-5 table 9)"


def test_a_challenge_is_good_for_one_answer(path: Path) -> None:
    card = host(path)
    challenge = card.send("0087039B", EXTERNAL).data[4:]
    right = b"\x7c\x0a\x82\x08" + encrypt(FACTORY_KEY, 0x03, challenge)
    assert card.status("0087039B", b"\x7c\x0a\x82\x08" + bytes(8)) == 0x6982
    assert card.status("0087039B", right) == 0x6982
    assert card.put(0x5FC102, b"x") == 0x6982


def test_a_challenge_is_answered_at_once(path: Path) -> None:
    card = host(path)
    challenge = card.send("0087039B", EXTERNAL).data[4:]
    card.status("0020008000")
    assert card.status("0087039B", b"\x7c\x0a\x82\x08" + encrypt(FACTORY_KEY, 0x03, challenge)) == 0x6982


def test_a_witness_is_no_challenge(path: Path) -> None:
    """The two handshakes do not mix: the encrypted witness would else be the answer to itself."""
    card = host(path)
    encrypted = card.send("0087039B", MUTUAL).data[4:]
    assert card.status("0087039B", b"\x7c\x0a\x82\x08" + encrypted) == 0x6982


def test_the_card_encrypts_for_nobody_it_does_not_know(path: Path) -> None:
    """Internal authentication with 9B would answer the card's own challenges."""
    card = host(path)
    challenge = card.send("0087039B", EXTERNAL).data[4:]
    assert card.status("0087039B", b"\x7c\x0c\x82\x00\x81\x08" + challenge) == 0x6A80


def test_a_failed_handshake_takes_back_what_one_gave(path: Path) -> None:
    card = host(path)
    assert card.authenticate() == 0x9000
    assert card.authenticate(bytes(range(24))) == 0x6982
    assert card.put(0x5FC102, b"x") == 0x6982


@pytest.mark.parametrize("answer", [b"\x7c\x02\x82\x00", b"\x7c\x00", b"\x7c\x04\x83\x02ab", b"\x82\x00", b"\x7c\x05"])
def test_handshakes_without_sense(path: Path, answer: bytes) -> None:
    assert host(path).status("0087039B", answer) == 0x6A80


@pytest.mark.parametrize(
    ("key", "without", "verified", "again"),
    [(0x9A, 0x6982, 0x9000, 0x9000), (0x9C, 0x6982, 0x9000, 0x6982), (0x9E, 0x9000, 0x9000, 0x9000)],
    ids=["9A once", "9C always", "9E never"],
)
def test_each_key_has_its_pin_policy(keyed: Path, key: int, without: int, verified: int, again: int) -> None:
    card = host(keyed)
    assert card.sign(key, DIGEST).status == without
    card.verify()
    assert card.sign(key, DIGEST).status == verified
    assert card.sign(key, DIGEST).status == again


def test_9c_wants_the_pin_immediately_before(keyed: Path) -> None:
    card = host(keyed)
    card.verify()
    card.get(0x5FC102)
    assert card.sign(0x9C, DIGEST).status == 0x6982
    card.verify()
    card.status("00200080")  # the query is not a verification
    assert card.sign(0x9C, DIGEST).status == 0x6982


def test_9c_may_be_used_with_a_chained_command(keyed: Path) -> None:
    card = host(keyed)
    card.verify()
    template = b"\x7c\x24\x82\x00\x81\x20" + DIGEST
    assert card.status(f"1087119C10{template[:16].hex()}") == 0x9000
    assert card.status(f"0087119C16{template[16:].hex()}00") == 0x9000


def test_contactless_signs_with_9e_alone(keyed: Path) -> None:
    card = host(keyed, contactless=True)
    assert {key: card.sign(key, DIGEST).status for key in (0x9A, 0x9C, 0x9D, 0x9E)} == {
        0x9A: 0x6982,
        0x9C: 0x6982,
        0x9D: 0x6982,
        0x9E: 0x9000,
    }


def test_contactless_administers_nothing(keyed: Path) -> None:
    card = host(keyed, contactless=True)
    assert card.status("0087039B", EXTERNAL) == 0x6982
    assert card.status("0047009A", bytes.fromhex("AC03800111")) == 0x6982
    assert card.put(0x5FC102, b"x") == 0x6982
    assert card.status("00FFFFFF", b"\x03\x9b\x18", FACTORY_KEY) == 0x6982
    assert card.status("00FB0000") == 0x6982
    assert card.status("00FA0303") == 0x6982


@pytest.mark.parametrize("algorithm", [0x11, 0x14])
def test_a_signature_verifies(path: Path, algorithm: int) -> None:
    digest, hash_algorithm = {
        0x11: (DIGEST, hashes.SHA256()),
        0x14: (hashlib.sha384(b"a message").digest(), hashes.SHA384()),
    }[algorithm]
    card = host(path)
    card.authenticate()
    public = card.generate(0x9E, algorithm=algorithm)
    answer = card.sign(0x9E, digest, algorithm)
    assert answer.data[:1] == b"\x7c"
    signature = answer.data[4:]
    public.verify(signature, digest, ec.ECDSA(Prehashed(hash_algorithm)))
    with pytest.raises(InvalidSignature):
        public.verify(signature, bytes(len(digest)), ec.ECDSA(Prehashed(hash_algorithm)))


@pytest.mark.parametrize("digest", [b"", bytes(20), bytes(31), bytes(33), bytes(48)])
def test_a_digest_is_as_long_as_the_curve(keyed: Path, digest: bytes) -> None:
    assert host(keyed).sign(0x9E, digest).status == 0x6A80


def test_the_algorithm_must_be_the_slot_s(keyed: Path) -> None:
    card = host(keyed)
    assert card.sign(0x9E, bytes(48), algorithm=0x14).status == 0x6A86
    assert card.sign(0x9E, DIGEST, algorithm=0x07).status == 0x6A86


@pytest.mark.parametrize("key", [0x9A, 0x9E, 0x82, 0x04])
def test_without_a_key_nothing_is_signed(path: Path, key: int) -> None:
    assert host(path).sign(key, DIGEST).status == 0x6A86


def test_rsa(path: Path) -> None:
    card = host(path)
    card.authenticate()
    raw = card.card.transmit(bytes.fromhex("0047009E 000005 AC03800107 0000"))
    assert raw[-2:] == b"\x90\x00"
    assert raw[:9] == bytes.fromhex("7F4982010981820100"), "part 2 table 17: modulus, then exponent"
    modulus, exponent = raw[9:265], raw[265:-2]
    assert exponent == bytes.fromhex("8203010001")
    public = rsa.RSAPublicNumbers(65537, int.from_bytes(modulus, "big")).public_key()
    block = b"\x00\x01" + b"\xff" * 202 + b"\x00" + bytes.fromhex("3031300D060960864801650304020105000420") + DIGEST
    template = bytes.fromhex("7C820106820081820100") + block
    assert card.status(f"1087079EFF{template[:255].hex()}") == 0x9000
    rest = template[255:]
    answer = card.send(f"0087079E{len(rest):02X}{rest.hex()}00")
    tail = card.send(f"00C00000{answer.status & 0xFF:02X}")
    signature = (answer.data + tail.data)[8:]
    public.verify(signature, DIGEST, padding.PKCS1v15(), Prehashed(hashes.SHA256()))


def test_key_agreement(path: Path) -> None:
    card = host(path)
    card.authenticate()
    public = card.generate(0x9D)
    ours = ec.generate_private_key(ec.SECP256R1())
    point = ours.public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)
    template = b"\x7c\x45\x82\x00\x85\x41" + point
    assert card.status("0087119D", template) == 0x6982
    card.verify()
    answer = card.send("0087119D", template)
    assert answer.data == b"\x7c\x22\x82\x20" + ours.exchange(ec.ECDH(), public)


@pytest.mark.parametrize("point", [b"\x04" + bytes(64), b"\x04" + b"\x01" * 64, b"\x00", b"\x02" + bytes(32)])
def test_points_off_the_curve_are_refused(keyed: Path, point: bytes) -> None:
    card = host(keyed)
    card.verify()
    template = bytes((0x82, 0, 0x85, len(point))) + point
    assert card.status("0087119D", bytes((0x7C, len(template))), template) == 0x6A80


def test_a_new_key_replaces_the_old(keyed: Path) -> None:
    card = host(keyed)
    card.authenticate()
    public = card.generate(0x9E)
    public.verify(card.sign(0x9E, DIGEST).data[4:], DIGEST, ec.ECDSA(Prehashed(hashes.SHA256())))


@pytest.mark.parametrize(
    ("command", "data", "status"),
    [
        ("0047009A", "AC03800199", 0x6A80),  # no such algorithm
        ("0047009A", "AC00", 0x6A80),
        ("0047009A", "800111", 0x6A80),
        ("0047019A", "AC03800111", 0x6A86),
        ("0047009B", "AC03800111", 0x6A86),  # not an asymmetric key
        ("0047009A", "AC06800111AA0109", 0x6A80),  # no such PIN policy
    ],
)
def test_keys_that_are_not_made(path: Path, command: str, data: str, status: int) -> None:
    card = host(path)
    assert card.status(command, bytes.fromhex(data)) == 0x6982
    card.authenticate()
    assert card.status(command, bytes.fromhex(data)) == status


def test_the_pin_policy_can_be_chosen_on_the_extended_product(tmp_path: Path) -> None:
    extended, strict = host(tmp_path / "extended"), host(tmp_path / "strict", profile=STRICT)
    for card in (extended, strict):
        card.authenticate()
    extended.generate(0x9A, extra=b"\xaa\x01\x01")
    assert extended.sign(0x9A, DIGEST).status == 0x9000
    assert strict.status("0047009A", bytes.fromhex("AC06800111AA0101")) == 0x6A80
