"""9E without login, as PKCS #11 has it: through python-pkcs11 on OpenSC's module.

In a process of its own, because the module keeps its state for as long as its process lives.
"""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from readers.piv.identifiers import KeyReference
from tests.fixtures.cards import PersonalisedCard
from tests.fixtures.parts import require

pytestmark = pytest.mark.needs("opensc-pkcs11", "pcscd", "vpcd")

Run = Callable[..., subprocess.CompletedProcess[str]]
MESSAGE = b"signed without a PIN"
SIGN_WITHOUT_LOGIN = """
import hashlib, sys
import pkcs11
from pkcs11.util.ec import encode_ecdsa_signature

module, message, out = sys.argv[1:]
(slot,) = pkcs11.lib(module).get_slots(token_present=True)
with slot.get_token().open() as session:
    keys = list(session.get_objects({pkcs11.Attribute.CLASS: pkcs11.ObjectClass.PRIVATE_KEY}))
    print(len(keys), keys[0].id.hex())
    raw = keys[0].sign(hashlib.sha256(message.encode()).digest(), mechanism=pkcs11.Mechanism.ECDSA)
open(out, "wb").write(encode_ecdsa_signature(raw))
"""


def test_only_9e_signs_without_login(
    run: Run, pkcs11_module: str, tmp_path: Path, inserted_card: PersonalisedCard
) -> None:
    require("python-pkcs11")
    done = run(sys.executable, "-c", SIGN_WITHOUT_LOGIN, pkcs11_module, MESSAGE.decode(), "signature")
    assert done.stdout.split() == ["1", "04"], "the other keys are hidden until login"
    signature = (tmp_path / "signature").read_bytes()
    inserted_card.verify(KeyReference.CARD_AUTHENTICATION, signature, MESSAGE)
