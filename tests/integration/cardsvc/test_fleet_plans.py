"""What all kiosks offer and how they behave, on both databases: nobody changes it alone."""

from __future__ import annotations

import json
from pathlib import Path
from uuid import UUID, uuid4

import pytest

from cardsvc.callers.models import CallerKind
from cardsvc.client import ServiceClient
from cardsvc.fleet.models import FleetPlan
from cardsvc.wire.fleet import DepartmentPlace, FleetPlanTerms, KioskSettings
from cardsvc.wire.officers import Role
from tests.fixtures.command_line import Town
from tests.fixtures.crowd import TIMES, Crowd
from tests.fixtures.proofs import City
from tests.fixtures.refusals import refused
from tests.integration.cardsvc.test_fleet import heartbeat

PLACE = DepartmentPlace(code="education", base_url="https://education.example")
TERMS = FleetPlanTerms(departments=[PLACE], settings=KioskSettings(idle_seconds=60))


class Hall:
    """Three administrators and a kiosk."""

    def __init__(self, city: City, *names: str) -> None:
        roles = [Role.ADMINISTRATOR]
        self.city = city
        self.ana, self.bo, self.cy = (
            city.caller(name, CallerKind.OFFICER, roles=roles) for name in names or ("ana", "bo", "cy")
        )
        self.kiosk = city.caller("kiosk-7")

    def agreed(self, terms: FleetPlanTerms = TERMS) -> UUID:
        """Drafted by ana, approved by bo."""
        draft = self.ana.draft_fleet_plan(terms, "education has moved")
        assert draft.approval is not None
        self.bo.approve_request(draft.approval.id)
        return draft.id


@pytest.fixture
def hall(city: City) -> Hall:
    return Hall(city)


def test_two_officers_put_a_plan_in_force_and_kiosks_hear_of_it(hall: Hall) -> None:
    assert refused(hall.kiosk.fleet_plan) == ("no-such-fleet-plan", 404)
    assert hall.kiosk.report(heartbeat(hall.city)).plan_version == 0
    published = hall.ana.publish_fleet_plan(hall.agreed())
    assert (published.version, published.departments, published.settings) == (1, TERMS.departments, TERMS.settings)
    assert hall.kiosk.report(heartbeat(hall.city)).plan_version == 1
    assert hall.kiosk.fleet_plan() == published
    second = hall.cy.publish_fleet_plan(hall.agreed(FleetPlanTerms(departments=[])))
    assert hall.kiosk.fleet_plan() == second
    assert [entry.detail["version"] for entry in hall.city.audit("fleet-plan.publish")] == [1, 2]


def test_nobody_changes_it_alone(hall: Hall) -> None:
    draft = hall.ana.draft_fleet_plan(TERMS, "mine")
    assert draft.approval is not None
    approval = draft.approval.id
    assert refused(lambda: hall.ana.publish_fleet_plan(draft.id)) == ("not-approved", 403)
    assert refused(lambda: hall.ana.approve_request(approval)) == ("same-person", 403)
    hall.bo.approve_request(approval)
    assert refused(lambda: hall.bo.publish_fleet_plan(draft.id))[1] == 403
    assert hall.bo.fleet_plan_draft(draft.id).changes_version == 0
    hall.ana.publish_fleet_plan(draft.id)
    assert hall.bo.fleet_plan_draft(draft.id).published_version == 1


def test_a_draft_from_an_older_version_is_drafted_anew(hall: Hall) -> None:
    first, second = hall.agreed(), hall.agreed()
    hall.ana.publish_fleet_plan(first)
    assert refused(lambda: hall.ana.publish_fleet_plan(second)) == ("fleet-plan-changed-meanwhile", 409)


def test_what_nobody_drafted(hall: Hall) -> None:
    assert refused(lambda: hall.ana.publish_fleet_plan(uuid4())) == ("no-such-fleet-plan", 404)
    assert refused(lambda: hall.ana.fleet_plan_draft(uuid4())) == ("no-such-fleet-plan", 404)


BAD = {
    "a department twice": [PLACE, PLACE.model_copy(update={"base_url": "https://other.example"})],
    "an address for two": [PLACE, PLACE.model_copy(update={"code": "finance"})],
    "no web address": [{"code": "education", "base_url": "file:///etc/passwd"}],
    "an address with a query": [{"code": "education", "base_url": "https://education.example/?a=b"}],
    "a code that is none": [{"code": "Education", "base_url": "https://education.example"}],
}


@pytest.mark.parametrize("departments", BAD.values(), ids=BAD)
def test_a_plan_that_makes_no_sense_is_not_drafted(sqlite_city: City, departments: list[object]) -> None:
    ana = sqlite_city.caller("ana", CallerKind.OFFICER, roles=[Role.ADMINISTRATOR])
    places = [one.model_dump() if isinstance(one, DepartmentPlace) else one for one in departments]
    token = {"Authorization": f"Bearer {ana.access_token()}"}
    body = {"departments": places, "reason": "x"}
    answer = sqlite_city.http().post("/v1/fleet-plan/drafts", headers=token, json=body)
    assert answer.status_code == 422


@pytest.mark.timeout(900)
def test_a_hundred_at_once_publish_it_once(crowd: Crowd) -> None:
    hall = Hall(crowd.counter.city, "uma", "vic", "wes")
    draft = hall.agreed()

    def publish(client: ServiceClient) -> object:
        return client.publish_fleet_plan(draft)

    told = crowd.at_once("uma", publish)
    assert told["ok"] == 1
    assert sum(told.values()) == TIMES
    assert crowd.count(FleetPlan, FleetPlan.version.is_not(None)) == 1
    assert crowd.audited("fleet-plan.publish")["ok"] == 1


def test_the_commands(town: Town, tmp_path: Path) -> None:
    town.init()
    (tmp_path / "plan.json").write_text(TERMS.model_dump_json())
    officers = [f"--requested-by=ana={tmp_path / 'ana.jwk'}", f"--approved-by=bo={tmp_path / 'bo.jwk'}"]
    assert town.run("kiosk", "plan").exit_code == 1
    done = town.run("kiosk", "publish-plan", f"--plan={tmp_path / 'plan.json'}", *officers, "--reason", "x", "--json")
    assert done.exit_code == 0, done.output
    shown = json.loads(town.run("kiosk", "plan", "--json").stdout)
    assert (shown["version"], shown["departments"]) == (1, [PLACE.model_dump()])
    town.run("kiosk", "add", "--client-id", "kiosk-1", "--title", "Hall")
    assert town.run("kiosk", "disable", "kiosk-1", "--reason", "x").exit_code == 1
    listed = json.loads(town.run("kiosk", "list", "--json").stdout)
    assert [(kiosk["client_id"], kiosk["state"]) for kiosk in listed["kiosks"]] == [("kiosk-1", "awaited")]
    key = town.key("kiosk-2")
    town.run("caller", "add", "--kind", "kiosk", "--client-id", "kiosk-2", "--title", "x", "--jwk", str(key))
    assert json.loads(town.run("kiosk", "disable", "kiosk-2", "--reason", "x", "--json").stdout)["state"] == (
        "out-of-service"
    )
    assert town.run("kiosk", "list").exit_code == 0
    assert json.loads(town.run("kiosk", "enable", "kiosk-2", "--json").stdout)["state"] == "silent"
