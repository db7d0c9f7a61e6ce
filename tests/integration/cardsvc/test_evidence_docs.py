"""What docs/evidence.md shows and tells people to run, as it stands there."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.serialization import Encoding

from cardsvc.departments.policy import parse_policy
from cardsvc.departments.questions import KINDS
from cardsvc.wire.levels import Level
from cardsvc.wire.policies import PolicyTerms
from tests.fixtures.evidence import Told

DOCUMENT = Path(__file__).parents[3] / "docs" / "evidence.md"


def block(language: str) -> str:
    (found,) = re.findall(rf"```{language}\n(.*?)```", DOCUMENT.read_text(), re.DOTALL)
    return str(found)


def check(folder: Path) -> subprocess.CompletedProcess[str]:
    command = (sys.executable, "-W", "ignore", "check.py", "evidence.json", "root-ca.pem")
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)


def test_the_policy_that_is_shown_can_be_published() -> None:
    assert parse_policy(json.loads(block("json"))).questions["age-at-least:65"].level is Level.TAP
    assert set(json.loads(block("json"))) == set(PolicyTerms.model_fields)


def test_the_questions_that_are_shown_are_those_that_there_are() -> None:
    assert set(re.findall(r"^\| `([a-z-]+):[A-Z]+` ", DOCUMENT.read_text(), re.MULTILINE)) == set(KINDS)


@pytest.mark.needs("openssl")
def test_evidence_is_checked_with_openssl_and_no_code_of_ours(sqlite_told: Told, tmp_path: Path) -> None:
    told = sqlite_told
    cards = [told.city.card() for _ in range(5)]
    for card in cards:
        told.assertion(card)
    verification_id = told.by_question(cards[2])
    told.sequence()
    kept = told.department.evidence(verification_id).model_dump_json()
    (tmp_path / "check.py").write_text(block("python"))
    (tmp_path / "root-ca.pem").write_bytes(told.city.services.authority.root.public_bytes(Encoding.PEM))

    (tmp_path / "evidence.json").write_text(kept)
    good = check(tmp_path)
    assert good.returncode == 0, good.stderr
    assert '"answer": "no"' in good.stdout

    document = json.loads(kept)
    *most, signature = document["evidence"].split(".")
    other = signature[:40] + ("A" if signature[40] != "A" else "B") + signature[41:]
    path = document["place"]["inclusion"]["path"]
    for bad in (
        {**document, "evidence": ".".join([*most, other])},
        {**document, "place": {**document["place"], "inclusion": {**document["place"]["inclusion"], "path": path[1:]}}},
        {
            **document,
            "place": {**document["place"], "checkpoint": document["place"]["checkpoint"].replace("\n", "\n1", 1)},
        },
    ):
        (tmp_path / "evidence.json").write_text(json.dumps(bad))
        assert check(tmp_path).returncode != 0
