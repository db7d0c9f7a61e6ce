"""``readers doctor`` on a real pcscd, as somebody at a terminal runs it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

from readers.virtual.pcscd import CONTACT_READER, CONTACTLESS_READER, PrivatePcscd
from tests.fixtures.cards import PersonalisedCard
from tests.fixtures.parts import require
from tests.fixtures.pcscd import require_private_pcscd

HOLD = """
import sys
from smartcard.scard import *
_, context = SCardEstablishContext(SCARD_SCOPE_USER)
code, *_ = SCardConnect(context, sys.argv[1], SCARD_SHARE_EXCLUSIVE, SCARD_PROTOCOL_T0 | SCARD_PROTOCOL_T1)
print(code, flush=True)
sys.stdin.read()
"""


@pytest.fixture(scope="module")
def pcscd() -> Iterator[PrivatePcscd]:
    """One that may be ended."""
    require("pyscard")
    require_private_pcscd()
    with PrivatePcscd() as running:
        yield running


def doctor(environment: Mapping[str, str]) -> tuple[int, dict[str | None, str]]:
    done = subprocess.run(
        (sys.executable, "-m", "readers.cli", "doctor", "--json"),
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert not done.stderr
    return done.returncode, {finding["reader"]: finding["diagnosis"] for finding in json.loads(done.stdout)}


def test_from_no_card_to_a_card(pcscd: PrivatePcscd, personalised_card: PersonalisedCard, tmp_path: Path) -> None:
    empty = {CONTACT_READER: "no-card", CONTACTLESS_READER: "no-card"}
    assert doctor(pcscd.environment) == (4, empty)
    with pcscd.put_on(tmp_path / "blank.json"):
        assert doctor(pcscd.environment) == (5, {**empty, CONTACT_READER: "unfinished-card"})
    with pcscd.put_on(personalised_card.state_file, contactless=True):
        assert doctor(pcscd.environment) == (0, {**empty, CONTACTLESS_READER: "card-seen"})


def test_a_card_that_somebody_holds(pcscd: PrivatePcscd, personalised_card: PersonalisedCard) -> None:
    with (
        pcscd.put_on(personalised_card.state_file),
        subprocess.Popen(
            (sys.executable, "-c", HOLD, CONTACT_READER),
            env={**os.environ, **pcscd.environment},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        ) as holder,
    ):
        assert holder.stdout is not None
        assert holder.stdout.readline() == "0\n"
        status, found = doctor(pcscd.environment)
        holder.communicate()
    assert (status, found[CONTACT_READER]) == (5, "card-busy")


def test_a_pcscd_that_was_killed(pcscd: PrivatePcscd) -> None:
    pcscd.stop(kill=True)
    assert doctor(pcscd.environment) == (3, {None: "pcscd-gone"})
    pcscd.restart()
    assert doctor(pcscd.environment)[0] == 4


def test_no_pcscd_where_the_environment_says(tmp_path: Path) -> None:
    require("pyscard", "unshare")
    assert doctor({"PCSCLITE_CSOCK_NAME": str(tmp_path / "comm")}) == (3, {None: "wrong-socket"})
