"""Signed notes and checkpoints, against the published ones of Go's checksum database and of C2SP, and with openssl."""

from __future__ import annotations

import base64
import subprocess
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from hypothesis import given
from hypothesis import strategies as st

from cardsvc.wire.merkle import EMPTY_ROOT
from cardsvc.wire.notes import Checkpoint, NoteInvalid, NoteKey, sign_note

# golang.org/x/mod, sumdb/note/note_test.go
PETER = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW"
PETER_SIGNER = "PRIVATE+KEY+PeterNeumann+c74f20a3+AYEKFALVFGyNhPJEMzD1QIDr+Y7hfZx09iUvxdXHKDFz"
ENOCH = "EnochRoot+af0cfe78+ATtqJ7zOtqQtYqOo0CpvDXNlMhV3HeJDpjrASKGLWdop"
TEXT = "If you think cryptography is the answer to your problem,\nthen you don't know what your problem is.\n"
PETER_SIGNATURE = (
    "— PeterNeumann x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM=\n"
)
ENOCH_SIGNATURE = (
    "— EnochRoot rwz+eBzmZa0SO3NbfRGzPCpDckykFXSdeX+MNtCOXm2/5n2tiOHp+vAF1aGrQ5ovTG01oOTGwnWLox33WWd1RvMc+QQ=\n"
)
# The checksum database's key, as cmd/go has it (modfetch/key.go).
GO_SUM = "sum.golang.org+033de0ae+Ac4zctda0e5eza+HJyk9SxEdh+s3Ux18htTTAD8OuAn8"

LOG = "cards.example.org/audit"


def signer() -> Ed25519PrivateKey:
    raw = base64.b64decode(PETER_SIGNER.split("+", 4)[4])
    return Ed25519PrivateKey.from_private_bytes(raw[1:])


def a_key() -> tuple[NoteKey, Ed25519PrivateKey]:
    private = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
    return NoteKey(LOG, private.public_key()), private


@pytest.mark.parametrize("text", [PETER, ENOCH, GO_SUM])
def test_published_keys_are_read_and_written(text: str) -> None:
    key = NoteKey.parse(text)
    assert str(key) == text
    assert (key.name, key.id.hex()) == (text.split("+", maxsplit=1)[0], text.split("+")[1])


def test_a_published_note_is_opened() -> None:
    assert NoteKey.parse(PETER).open(f"{TEXT}\n{PETER_SIGNATURE}") == TEXT


def test_signatures_of_others_are_left_aside() -> None:
    note = f"{TEXT}\n{PETER_SIGNATURE}{ENOCH_SIGNATURE}"
    assert NoteKey.parse(PETER).open(note) == NoteKey.parse(ENOCH).open(note) == TEXT


def test_we_sign_as_published() -> None:
    assert sign_note(TEXT, NoteKey.parse(PETER), signer().sign) == f"{TEXT}\n{PETER_SIGNATURE}"


@pytest.mark.parametrize(
    "text",
    [
        *(PETER[:end] for end in range(len(PETER))),
        *(PETER[start:] for start in range(1, len(PETER))),
        *(PETER[:i] + chr(ord(PETER[i]) + 1) + PETER[i + 1 :] for i in range(len(PETER))),
        # wrong length, and an unknown algorithm, each with the key id that fits
        "PeterNeumann+cc469956+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TWBADKEY==",
        "PeterNeumann+173116ae+ZRpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW",
    ],
)
def test_changed_keys_are_refused_as_in_go(text: str) -> None:
    with pytest.raises(NoteInvalid):
        NoteKey.parse(text)


@pytest.mark.parametrize(
    "note",
    [
        TEXT,
        TEXT + "\n",
        TEXT + "\n" + PETER_SIGNATURE[:-1],
        "\x01" + TEXT + "\n" + PETER_SIGNATURE,
        TEXT + "\n" + "— Bad Name " + PETER_SIGNATURE.split(" ")[2],
        TEXT + "\n" + PETER_SIGNATURE + "Unexpected line.\n",
        TEXT + "\n" + PETER_SIGNATURE * 101,
        TEXT + "\n" + PETER_SIGNATURE[:60] + "ABCD" + PETER_SIGNATURE[60:],
        TEXT + "\n" + ENOCH_SIGNATURE,
        TEXT + "\n" + "— PeterNeumann x08go/Y=\n",
        TEXT + "\n" + "— PeterNeumann x08goy==\n",
        "\n\n" + PETER_SIGNATURE,
        TEXT.replace("cryptography", "cryptographY") + "\n" + PETER_SIGNATURE,
    ],
)
def test_changed_notes_are_refused_as_in_go(note: str) -> None:
    with pytest.raises(NoteInvalid):
        NoteKey.parse(PETER).open(note)


@pytest.mark.parametrize("text", ["abc", "a\tb\n", "a\0\n"])
def test_text_that_is_not_lines_is_not_signed(text: str) -> None:
    with pytest.raises(NoteInvalid):
        sign_note(text, NoteKey.parse(PETER), signer().sign)


@pytest.mark.parametrize("name", ["", "a b", "a+b", "a\u2003b"])
def test_names_are_without_spaces_and_plus_signs(name: str) -> None:
    with pytest.raises(NoteInvalid):
        NoteKey(name, signer().public_key())


def test_the_text_of_a_checkpoint_is_that_of_c2sp() -> None:
    # The example of c2sp.org/tlog-checkpoint.
    root = base64.b64decode("CsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=")
    assert Checkpoint("example.com/behind-the-sofa", 20852163, root).text() == (
        "example.com/behind-the-sofa\n20852163\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n"
    )


@given(st.integers(0, 2**63 - 1), st.binary(min_size=32, max_size=32))
def test_a_checkpoint_is_opened_as_it_was_signed(size: int, root: bytes) -> None:
    key, private = a_key()
    checkpoint = Checkpoint(LOG, size, root)
    assert Checkpoint.open(sign_note(checkpoint.text(), key, private.sign), key) == checkpoint


@pytest.mark.parametrize(
    "text",
    [
        f"{LOG}\n1\n",
        f"{LOG}/promise\n1\n{base64.b64encode(EMPTY_ROOT).decode()}\n",
        f"{LOG}\n01\n{base64.b64encode(EMPTY_ROOT).decode()}\n",
        f"{LOG}\n-1\n{base64.b64encode(EMPTY_ROOT).decode()}\n",
        f"{LOG}\n1\n{base64.b64encode(EMPTY_ROOT[1:]).decode()}\n",
        f"{LOG}\n1\nnot base64\n",
    ],
)
def test_other_signed_text_is_no_checkpoint(text: str) -> None:
    key, private = a_key()
    with pytest.raises(NoteInvalid):
        Checkpoint.open(sign_note(text, key, private.sign), key)


@pytest.mark.needs("openssl")
def test_openssl_verifies_what_we_sign(tmp_path: Path) -> None:
    key, private = a_key()
    text, _, signature = sign_note(Checkpoint(LOG, 0, EMPTY_ROOT).text(), key, private.sign).rpartition("\n\n")
    blob = base64.b64decode(signature.split(" ")[2])
    (tmp_path / "text").write_text(text + "\n")
    (tmp_path / "signature").write_bytes(blob[4:])
    pem = private.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    (tmp_path / "key.pem").write_bytes(pem)
    options = ["-pubin", "-inkey", "key.pem", "-rawin", "-in", "text", "-sigfile", "signature"]
    said = subprocess.check_output(["openssl", "pkeyutl", "-verify", *options], cwd=tmp_path, text=True)
    assert "Success" in said
