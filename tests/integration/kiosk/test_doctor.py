"""`kiosk doctor`: whatever is wrong with a kiosk is found, and there is something to do about it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import httpx
import pytest
from joserfc.jwk import ECKey

from cardsvc.callers.models import CallerKind
from cardsvc.client import enrol_kiosk
from cardsvc.client.clock import system_clock
from cardsvc.wire.fleet import KioskRequest
from cardsvc.wire.officers import Role
from kiosk.catalogue import DepartmentAddress
from kiosk.fleet.doctor import Examined, Finding, examine
from kiosk.fleet.state import Identity, StateFolder
from kiosk.journal import Journal
from readers.errors import NoSuchReader
from tests.fixtures.live import serving
from tests.fixtures.proofs import BASE_URL, City
from tests.fixtures.waiting import wait_until
from tests.integration.kiosk.conftest import Town

REFUSED = "http://127.0.0.1:9"
"""Nobody listens there (RFC 863 keeps the port)."""


class Ward:
    """A kiosk that is well, to be made ill."""

    def __init__(self, city: City, url: str, folder: Path) -> None:
        city.clock.now = system_clock()
        self.city = city
        self.url = url
        self.ana = city.caller("ana", CallerKind.OFFICER, roles=[Role.ADMINISTRATOR])
        code = self.ana.add_kiosk(KioskRequest(client_id="kiosk-9", title="Town hall")).code
        self.state = StateFolder(folder)
        enrol_kiosk(url, code, self.state.next_key(), issuer=BASE_URL)
        self.state.take(Identity(url, BASE_URL, "kiosk-9"))

    def findings(self, **changed: object) -> dict[str, Finding]:
        return {one.about: one for one in examine(Examined(self.state.path, **changed))}  # type: ignore[arg-type]


@pytest.fixture
def ward(sqlite_city: City, tmp_path: Path) -> Iterator[Ward]:
    with serving(sqlite_city.transport.app) as url:
        yield Ward(sqlite_city, url, tmp_path / "state")


def test_a_kiosk_that_is_well(ward: Ward, town_department: DepartmentAddress) -> None:
    found = ward.findings(departments=(town_department,), readers={"contact": lambda: "Reader 00"})
    well = {about for about, one in found.items() if one.is_well} - {"browser", "fonts"}
    assert well == {
        "contact reader",
        "enrolment",
        "key",
        "service",
        "clock",
        "standing",
        "department medical-insurance",
    }


@pytest.fixture
def town_department(town: Town) -> DepartmentAddress:
    (address,) = town.station._equipment.addresses
    return address


def test_a_reader_that_is_missing(ward: Ward) -> None:
    def find() -> str:
        raise NoSuchReader("Reader 00")

    assert "Plug it in" in ward.findings(readers={"contact": find})["contact reader"].advice


@pytest.mark.parametrize(
    ("script", "found", "advice"),
    [
        ("echo 'printer hall is idle.  enabled'; echo 'hall accepting requests'", "hall prints", ""),
        (
            "echo 'printer hall disabled -'; printf '\\tout of paper\\n'; echo 'hall accepting requests'",
            "hall is stopped: out of paper",
            "cupsenable hall",
        ),
        (
            "echo 'printer hall is idle.  enabled'; echo 'hall not accepting requests'",
            "hall takes nothing",
            "cupsaccept hall",
        ),
        (
            "echo 'printer hall is idle.  enabled'; echo 'hall accepting requests'; echo 'hall-1   root   1024   Sun'",
            "hall prints; CUPS remembers 1 of the papers that it printed",
            "PreserveJobFiles No",
        ),
        ("echo 'lpstat: Invalid destination name' >&2; exit 1", "no queue is called hall", "lpstat -e"),
    ],
    ids=["well", "stopped", "takes nothing", "remembers", "none"],
)
def test_its_printer(
    ward: Ward, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, *, script: str, found: str, advice: str
) -> None:
    program = tmp_path / "lpstat"
    program.write_text(f"#!/bin/sh\n{script}\n")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path), prepend=os.pathsep)
    finding = ward.findings(printer="hall")["printer"]
    assert finding.found == found
    assert advice in finding.advice
    assert finding.is_well == (not advice)


def test_a_folder_without_a_kiosk(tmp_path: Path) -> None:
    found = {one.about: one for one in examine(Examined(tmp_path))}
    assert "kiosk enrol" in found["enrolment"].advice
    assert "service" not in found


def test_a_key_that_others_can_read(ward: Ward) -> None:
    ward.state.key_file.chmod(0o644)
    assert "chmod 600" in ward.findings()["key"].advice


def test_a_key_that_the_service_does_not_know(ward: Ward) -> None:
    ward.ana.replace_key("kiosk-9", dict(ECKey.generate_key("P-256").as_dict(private=False)))
    assert ward.findings()["standing"].found == "client-refused"
    assert "enrol the kiosk anew" in ward.findings()["standing"].advice


def test_a_service_that_is_away(ward: Ward) -> None:
    ward.state.next_key()
    ward.state.take(Identity(REFUSED, BASE_URL, "kiosk-9"))
    found = ward.findings()
    assert "cannot be reached" in found["service"].found
    assert found["service"].advice


@pytest.mark.parametrize("minutes", [-2, 2])
def test_a_clock_that_is_wrong(ward: Ward, minutes: int) -> None:
    found = ward.findings(clock=lambda: system_clock() + timedelta(minutes=minutes))["clock"]
    assert found.found.startswith("+1" if minutes > 0 else "-1")
    assert "timedatectl" in found.advice


def test_a_kiosk_that_was_taken_out_of_service(ward: Ward) -> None:
    ward.ana.disable_kiosk("kiosk-9", "moved")
    assert ward.findings()["standing"].found == "kiosk-disabled"
    assert "kiosk enable" in ward.findings()["standing"].advice


def test_no_plan_and_no_departments(ward: Ward) -> None:
    assert "publish-plan" in ward.findings(departments=())["standing"].advice


def test_departments_that_are_away_or_others(ward: Ward, town_department: DepartmentAddress) -> None:
    other = DepartmentAddress(town_department.base_url, "finance")
    found = ward.findings(departments=(DepartmentAddress(REFUSED, "education"), other))
    assert "cannot be reached" in found["department education"].found
    assert "Mend the address" in found["department finance"].advice


def test_a_journal_that_is_whole_in_use_or_damaged(ward: Ward, tmp_path: Path) -> None:
    assert ward.findings(offline=tmp_path)["journal"].is_well
    with Journal(tmp_path, "kiosk-9") as journal:
        journal.append(b"a tap")
        assert "has it" in ward.findings(offline=tmp_path)["journal"].found
    assert ward.findings(offline=tmp_path)["journal"].found == "1 entries to be told"
    os.truncate(tmp_path / "journal.log", 0)
    assert "takes no more taps" in ward.findings(offline=tmp_path)["journal"].advice


def test_how_old_what_the_kiosk_knows_is(ward: Ward, town: Town) -> None:
    port = int(town.address.rpartition(":")[2])
    town.visitor()
    assert ward.findings(port=port)["process"].is_well
    assert ward.findings(port=port)["offers"].is_well
    ward.city.clock.advance(hours=1)
    assert ward.findings(port=port)["offers"].advice
    assert "kiosk run" in ward.findings(port=9)["process"].advice


def test_whether_anybody_sees_the_screen(ward: Ward, town: Town) -> None:
    port = int(town.address.rpartition(":")[2])
    assert "--browser" in ward.findings(port=port)["screen"].advice
    with town.visitor().http.stream("GET", "/events") as events:
        lines = events.iter_lines()
        assert next(lines) == "event: screen"
        assert ward.findings(port=port)["screen"].is_well
    metrics = f"{town.address}/metrics"
    wait_until(lambda: "\nkiosk_screens_shown 0\n" in httpx.get(metrics, trust_env=False).text)


def test_the_metrics_are_open_on_loopback_and_say_nothing_of_anybody(town: Town) -> None:
    text = httpx.get(f"{town.address}/metrics", trust_env=False).text
    assert 'kiosk_reader_ready{reader="contactless"} 1.0' in text
    assert "kiosk_out_of_service 0.0" in text
    assert str(town.card.uuid) not in text


def doctor(ward: Ward, *more: str) -> subprocess.CompletedProcess[str]:
    ward.city.clock.now = system_clock()  # the command has the machine's
    options = ["--state", str(ward.state.path), "--contactless", "slot:x", "--contact", "slot:y", *more]
    command = [sys.executable, "-m", "kiosk.cli", "doctor", *options]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def test_the_command(ward: Ward) -> None:
    done = doctor(ward, "--json")
    told = {one["about"]: one for one in json.loads(done.stdout)["findings"]}
    assert done.returncode == 1  # there is no plan
    assert told["service"]["well"]
    assert told["standing"]["advice"]
    assert "BAD  standing: no-such-fleet-plan" in doctor(ward).stdout
