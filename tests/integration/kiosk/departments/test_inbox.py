"""Cases that a person decides: opened at the kiosk, settled on the inbox page, read by the citizen later."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import datetime
from typing import Any

import httpx
import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session
from structlog.testing import capture_logs

from kiosk.departments.contract.declaration import Department
from kiosk.departments.contract.inbox.access import dismiss, invite
from kiosk.departments.contract.inbox.models import Case
from kiosk.departments.environment import department as environment
from kiosk.departments.environment.models import Slip
from kiosk.departments.environment.reports import PROBLEM_REPORT
from tests.fixtures.departments import NO_TLS, CardService, Counter, counter

SMOKE = {"kind": "air", "place": "mangzhou", "words": "Black smoke behind the boat house. <b>Quick!</b>"}


class OfficerAtDesk:
    """A browser that posts forms as pages make it do."""

    def __init__(self, station: Counter) -> None:
        origin = str(station.http.base_url).rstrip("/")
        self.station = station
        self.http = httpx.Client(base_url=origin, headers={"Origin": origin}, verify=NO_TLS, timeout=60)

    def invited(self, name: str = "rosa") -> str:
        with self.station.office.sessions.begin() as session:
            return invite(session, name, self.station.clock.now)

    def enter(self, code: str) -> httpx.Response:
        return self.http.post("/inbox/enter", data={"code": code})

    def settle(self, case: Case, verdict: str = "mended", note: str = "") -> httpx.Response:
        return self.http.post(f"/inbox/{case.id}", data={"verdict": verdict, "note": note})


@pytest.fixture
def officer(station: Counter) -> Iterator[OfficerAtDesk]:
    desk = OfficerAtDesk(station)
    with desk.http:
        yield desk


@pytest.fixture
def rosa(officer: OfficerAtDesk) -> OfficerAtDesk:
    assert officer.enter(officer.invited()).status_code == 303
    return officer


@pytest.fixture
def case(station: Counter) -> Case:
    assert station.ask("problem-report", SMOKE).status_code == 200
    return only_case(station)


def only_case(station: Counter) -> Case:
    with station.office.sessions() as session:
        return session.scalars(select(Case)).one()


def told(station: Counter, **claims: Any) -> list[Any]:
    response = station.ask("my-cases", {}, **{"acr": "pin", **claims})
    assert response.status_code == 200, response.text
    return [field["value"] for field in response.json()["fields"]]


def test_a_report_waits_for_an_officer(station: Counter, case: Case) -> None:
    assert (case.service, case.pseudonym, case.verdict) == ("problem-report", "pseudonym-of-li-wei", None)
    assert [value["en"] for value in told(station)] == ["We are working on it"]


def test_the_citizen_hears_of_the_verdict(station: Counter, rosa: OfficerAtDesk, case: Case) -> None:
    page = rosa.http.get(f"/inbox/{case.id}").text
    assert "Black smoke behind the boat house. &lt;b&gt;Quick!&lt;/b&gt;" in page
    assert "pseudonym" not in page

    assert rosa.settle(case, note="The chimney\nwas cleaned.").status_code == 303
    (said,) = told(station)
    assert said["en"] == "It has been put right. Thank you. — The chimney was cleaned."
    assert only_case(station).decided_by == "rosa"


def test_nobody_hears_of_the_cases_of_others(station: Counter, case: Case) -> None:
    assert told(station, sub="somebody else") == []


def test_a_tap_does_not_tell(station: Counter, case: Case) -> None:
    assert station.refused("my-cases", {})["type"] == "step-up-required"


def test_a_report_sent_twice_is_one_case(station: Counter) -> None:
    assertion = station.service.assertion(station.department, "problem-report")
    answers = [station.ask("problem-report", SMOKE, key="k" * 16, assertion=assertion).json() for _ in range(2)]

    assert answers[0] == answers[1]
    assert only_case(station).receipt == answers[0]["receipt"]


def test_a_case_is_settled_once(station: Counter, rosa: OfficerAtDesk, case: Case) -> None:
    verdicts = ["mended", "passed-on", "nothing-found"] * 5
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda verdict: rosa.settle(case, verdict), verdicts))

    assert sorted(answer.status_code for answer in answers) == [303] + (len(verdicts) - 1) * [409]
    assert only_case(station).verdict in verdicts


class TestEntrance:
    def test_without_a_cookie_nothing_is_shown_or_settled(self, officer: OfficerAtDesk, case: Case) -> None:
        answers = [officer.http.get("/inbox"), officer.http.get(f"/inbox/{case.id}"), officer.settle(case)]

        assert [answer.status_code for answer in answers] == [401, 401, 401]
        assert not any("smoke" in answer.text for answer in answers)
        assert only_case(officer.station).verdict is None

    def test_a_link_works_once(self, officer: OfficerAtDesk) -> None:
        code = officer.invited()
        assert [officer.enter(code).status_code for _ in range(2)] == [303, 401]

    def test_looking_at_a_link_does_not_use_it_up(self, officer: OfficerAtDesk) -> None:
        code = officer.invited()
        assert officer.http.get(f"/inbox/enter/{code}").status_code == 200
        assert officer.enter(code).status_code == 303

    def test_a_link_lasts_an_hour(self, officer: OfficerAtDesk) -> None:
        code = officer.invited()
        officer.station.clock.forward(hours=1)
        assert officer.enter(code).status_code == 401

    def test_a_working_day_ends(self, rosa: OfficerAtDesk) -> None:
        assert rosa.http.get("/inbox").status_code == 200
        rosa.station.clock.forward(hours=10)
        assert rosa.http.get("/inbox").status_code == 401

    def test_whoever_is_dismissed_is_out_at_once(self, rosa: OfficerAtDesk, case: Case) -> None:
        with rosa.station.office.sessions.begin() as session:
            assert dismiss(session, "rosa")
        assert rosa.settle(case).status_code == 401

    def test_the_cookie_is_not_for_scripts_or_other_sites(self, officer: OfficerAtDesk) -> None:
        cookie = officer.enter(officer.invited()).headers["set-cookie"].lower()
        assert {"httponly", "samesite=strict", "path=/inbox"} <= {part.strip() for part in cookie.split(";")}

    @pytest.mark.parametrize("origin", ["null", "http://evil.test", ""])
    def test_another_sites_form_settles_nothing(self, rosa: OfficerAtDesk, case: Case, origin: str) -> None:
        rosa.http.headers["Origin"] = origin
        assert rosa.settle(case).status_code == 403
        assert only_case(rosa.station).verdict is None


@pytest.mark.parametrize(("verdict", "note"), [("granted", ""), ("", ""), ("mended", "x" * 301), ("mended", "a\x00b")])
def test_what_an_officer_cannot_say_is_refused(rosa: OfficerAtDesk, case: Case, verdict: str, note: str) -> None:
    assert rosa.settle(case, verdict, note).is_client_error
    assert only_case(rosa.station).verdict is None


def test_an_unknown_case_is_not_found(rosa: OfficerAtDesk) -> None:
    assert rosa.http.get("/inbox/00000000-0000-0000-0000-000000000000").status_code == 404


class TestWhatFollows:
    """A service whose verdicts do more than tell the citizen."""

    @pytest.fixture
    def station(self, service: CardService, databases: Callable[[Department], str]) -> Iterator[Counter]:
        followed = replace(PROBLEM_REPORT, settled=self.mend)
        others = [each for each in environment.services if each is not PROBLEM_REPORT]
        department = replace(environment, services=(followed, *others))
        with counter(department, databases(department), service) as opened:
            yield opened

    @staticmethod
    def mend(session: Session, receipt: str, verdict: str, now: datetime) -> None:
        """Give points for it: a table that the department has anyway."""
        if verdict == "nothing-found":
            raise RuntimeError("the register is closed")
        session.add(Slip(number=receipt[-12:], points=1, credited_to=verdict, credited_at=now))

    def follows(self, station: Counter) -> list[tuple[str, str | None]]:
        with station.office.sessions() as session:
            mended = select(Slip.number, Slip.credited_to).where(Slip.points == 1)
            return [(number, verdict) for number, verdict in session.execute(mended)]

    def test_it_is_done_when_the_case_is_settled_and_once(
        self, station: Counter, rosa: OfficerAtDesk, case: Case
    ) -> None:
        assert self.follows(station) == []
        assert [rosa.settle(case, "passed-on").status_code for _ in range(2)] == [303, 409]
        assert self.follows(station) == [(case.receipt[-12:], "passed-on")]

    def test_what_cannot_be_done_is_not_settled(self, station: Counter, rosa: OfficerAtDesk, case: Case) -> None:
        with capture_logs():
            assert rosa.settle(case, "nothing-found").status_code == 500
        assert only_case(station).verdict is None
        assert self.follows(station) == []


@pytest.mark.parametrize("databases", ["sqlite"], indirect=True)
class TestLanguages:
    @pytest.mark.parametrize(
        ("accepted", "title"),
        [
            ("pt-PT,pt;q=0.9,en;q=0.5", "1 à espera"),
            ("zh-CN", "1 件待处理"),
            ("de, en;q=0.5", "1 waiting"),
            ("de", "1 waiting"),
            ("", "1 waiting"),
        ],
    )
    def test_the_browsers_language_is_spoken(self, rosa: OfficerAtDesk, case: Case, accepted: str, title: str) -> None:
        assert f"<h1>{title}</h1>" in rosa.http.get("/inbox", headers={"Accept-Language": accepted}).text

    def test_what_an_officer_chooses_counts_on_every_page(self, rosa: OfficerAtDesk, case: Case) -> None:
        assert rosa.http.post("/inbox/language", data={"language": "pt"}).status_code == 303
        for path in ("/inbox", f"/inbox/{case.id}", "/inbox/enter/some-code"):
            page = rosa.http.get(path, headers={"Accept-Language": "zh-CN"}).text
            assert '<html lang="pt">' in page
            assert "Ambiente" in page
        rosa.settle(case)
        assert "Decididos" in rosa.http.get("/inbox").text

    def test_no_other_site_and_no_other_language_chooses(self, rosa: OfficerAtDesk) -> None:
        elsewhere = {"Origin": "https://elsewhere.test"}
        assert rosa.http.post("/inbox/language", data={"language": "pt"}, headers=elsewhere).status_code == 403
        assert rosa.http.post("/inbox/language", data={"language": "xx"}).status_code >= 400
