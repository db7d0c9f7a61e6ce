"""How the processes of a city are started."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import pytest

from cardsvc.wire.levels import Level
from kiosk.catalogue import DepartmentAddress
from kiosk.city import founding
from kiosk.city.founding import GIVE_PAPERS, POLICY_FOLDER, SMALL_CITY, TITLES, Plan, open_kiosk
from kiosk.city.stage import LoopbackStage
from kiosk.departments.cli import DEPARTMENTS, load


class Ready:
    def wait_for(self, marker: str) -> str:
        return marker


def test_the_kiosk_is_told_which_department_is_where(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Else a department that answers first is sent what is meant for another."""
    started: list[str] = []

    @contextmanager
    def child(_plan: Plan, _name: str, command: tuple[str, ...], _environment: Mapping[str, str]) -> Iterator[Ready]:
        started.extend(command)
        yield Ready()

    monkeypatch.setattr(founding, "_child", child)
    plan = Plan.for_folder(tmp_path)
    with open_kiosk(plan, LoopbackStage(tmp_path)):
        pass
    options = [part.removeprefix("--department=") for part in started if part.startswith("--department=")]
    assert [DepartmentAddress.parse(option) for option in options] == [
        DepartmentAddress(plan.department_url(code), code) for code in SMALL_CITY
    ]


@pytest.mark.parametrize("code", TITLES)
def test_each_department_may_learn_what_its_services_want(code: str) -> None:
    policy = json.loads((POLICY_FOLDER / f"{code}.json").read_text())["services"]
    wanted = {
        service.description.code: {
            "level": service.description.level.value,
            "attributes": sorted(service.description.attributes),
        }
        for service in load(code).every_service
    }
    needed = {service: {name: rule[name] for name in ("level", "attributes")} for service, rule in policy.items()}
    assert needed == wanted


@pytest.mark.parametrize("code", TITLES)
def test_what_a_policy_lets_kiosks_take_without_a_network_the_department_takes(code: str) -> None:
    policy = json.loads((POLICY_FOLDER / f"{code}.json").read_text())["services"]
    taken = {service.description.code for service in load(code).services if service.offline}
    assert {service for service, rule in policy.items() if "offline" in rule} == taken


@pytest.mark.parametrize("code", TITLES)
def test_each_department_may_have_answered_what_its_services_ask(code: str) -> None:
    questions = json.loads((POLICY_FOLDER / f"{code}.json").read_text()).get("questions", {})
    for service in load(code).manifest.services:
        for question in service.questions:
            assert Level(questions[question]["level"]) <= service.level


def test_every_department_is_in_the_city() -> None:
    assert set(TITLES) == set(DEPARTMENTS)
    assert {code for code in DEPARTMENTS if load(code).gives_papers} == GIVE_PAPERS
