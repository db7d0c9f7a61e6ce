"""A little of what ``make attack`` does much of; and that it would tell, if a verifier were careless."""

from __future__ import annotations

import json
import secrets
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from cardsvc.authentication import proofs
from tests.attack.__main__ import targets_of
from tests.attack.campaign import Campaign
from tests.attack.careless import MUTANTS
from tests.attack.world import World, founded

REPOSITORY = Path(__file__).parents[3]
LEAST_ATTACKS = 600


def test_nothing_forged_is_accepted(tmp_path: Path) -> None:
    seed, report = secrets.randbelow(2**31), tmp_path / "report.json"
    command = (sys.executable, "-m", "tests.attack", "--seed", str(seed), "--count", "6", "--http", "1")
    done = subprocess.run(
        (*command, "--report-file", str(report)), cwd=REPOSITORY, capture_output=True, text=True, check=False
    )
    told = json.loads(report.read_text())
    failed = [result for result in told["results"] if not result["holds"]]
    assert (failed, done.returncode) == ([], 0), f"seed {seed}"
    assert told["attacks"] >= LEAST_ATTACKS
    assert told["strikes"] == 6 * told["attacks"]
    assert told["controls"] == told["controls_accepted"] > 3 * told["attacks"]
    assert told["over_http"] > 200


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    with founded(tmp_path_factory.mktemp("attack") / "world") as made:
        yield made


@pytest.mark.parametrize("name", MUTANTS)
def test_a_careless_verifier_is_found_out(world: World, monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    make, target_name, attack_name = MUTANTS[name]
    (target,) = [one for one in targets_of(world) if one.name == target_name]
    attacks = [attack for attack in target.attacks if attack.name == attack_name]
    assert len(attacks) == 1
    monkeypatch.setattr(target, "attacks", attacks)
    (honest,) = Campaign(seed=7, count=48).run([target])
    assert honest.holds
    make(monkeypatch)
    (found,) = Campaign(seed=8, count=48).run([target])
    assert found.controls_accepted == found.controls
    assert found.accepted


def test_a_verifier_that_accepts_nothing_does_not_look_good(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    target = next(one for one in targets_of(world) if one.name == "proof at a kiosk")
    monkeypatch.setattr(target, "attacks", target.attacks[:1])
    monkeypatch.setattr(proofs, "_signed", lambda *_: False)
    (found,) = Campaign(seed=9, count=8).run([target])
    assert (found.accepted, found.controls_accepted, found.holds) == (0, 0, False)
