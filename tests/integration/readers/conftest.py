"""A finished card in the contact reader of a private pcscd, and other people's programs that use it."""

from __future__ import annotations

import subprocess
from collections.abc import Callable, Iterator
from glob import glob
from pathlib import Path

import pytest

from readers.virtual.pcscd import PrivatePcscd
from tests.fixtures.cards import PersonalisedCard
from tests.fixtures.parts import require

Run = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture
def inserted_card(private_pcscd: PrivatePcscd, service_card: PersonalisedCard) -> Iterator[PersonalisedCard]:
    """The only card there is, issued by our service, in the contact reader."""
    with private_pcscd.put_on(service_card.state_file):
        yield service_card


@pytest.fixture
def run(tmp_path: Path) -> Run:
    """Run a program in the test's directory; it must succeed."""

    def run_program(*arguments: str) -> subprocess.CompletedProcess[str]:
        done = subprocess.run(arguments, cwd=tmp_path, capture_output=True, text=True, check=False, timeout=60)
        assert done.returncode == 0, f"{arguments[0]}: {done.stdout}{done.stderr}"
        return done

    return run_program


@pytest.fixture
def pkcs11_module() -> str:
    """Path of OpenSC's PKCS #11 module."""
    require("opensc-pkcs11")
    return min(glob("/usr/lib/*/opensc-pkcs11.so"))  # noqa: PTH207 - an absolute pattern
