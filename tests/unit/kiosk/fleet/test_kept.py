"""What a kiosk was told is known after a start without a network."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from cardsvc.wire.fleet import DepartmentPlace, FleetPlan, KioskSettings
from cardsvc.wire.manifest import Language
from kiosk.fleet.kept import KeptStanding, rules_of
from kiosk.visit.ending import Rules
from tests.fixtures.services import NOW

PLAN = FleetPlan(
    departments=[DepartmentPlace(code="education", base_url="https://education.example")],
    settings=KioskSettings(language=Language.PORTUGUESE, idle_seconds=33, visit_seconds=120, notice_seconds=7),
    version=4,
    published_by="ana",
    published_at=NOW,
)


@pytest.mark.parametrize("disabled", [True, False])
@pytest.mark.parametrize("plan", [PLAN, None])
def test_it_is_known_again(tmp_path: Path, plan: FleetPlan | None, disabled: bool) -> None:  # noqa: FBT001
    KeptStanding(tmp_path).keep(disabled=disabled, plan=plan)
    kept = KeptStanding(tmp_path)
    assert (kept.disabled, kept.plan) == (disabled, plan)


def test_a_new_kiosk_is_in_service_and_has_no_plan(tmp_path: Path) -> None:
    kept = KeptStanding(tmp_path)
    assert (kept.disabled, kept.plan) == (False, None)


@pytest.mark.parametrize("content", [b"", b"{}", b"[]", b'{"disabled": false, "plan": {}}'])
def test_what_is_damaged_keeps_it_out_of_service(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "standing.json").write_bytes(content)
    assert KeptStanding(tmp_path).disabled


def test_without_a_folder_nothing_is_kept() -> None:
    KeptStanding(None).keep(disabled=True, plan=PLAN)
    assert not KeptStanding(None).disabled


def test_the_plans_settings_are_the_rules_and_the_rest_stays() -> None:
    rules = rules_of(PLAN, Rules(patience=timedelta(seconds=11)))
    assert rules == Rules(
        idle=timedelta(seconds=33),
        longest=timedelta(seconds=120),
        notice=timedelta(seconds=7),
        patience=timedelta(seconds=11),
        language=Language.PORTUGUESE,
    )
    assert rules_of(None, Rules()) == Rules()
