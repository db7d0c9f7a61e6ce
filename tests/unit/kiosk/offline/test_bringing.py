"""A journal on its way to the service and the departments, whatever dies or does not answer in between."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import pytest

from cardsvc.client import ServiceProblem, ServiceUnreachable
from cardsvc.wire.manifest import Outcome, ServiceRequest
from cardsvc.wire.offline_taps import JudgedTap, OfflineEntry, OfflineTap, TapVerdict
from cardsvc.wire.problems import Problem
from kiosk.department_client import DepartmentConfused, DepartmentRefused, DepartmentUnreachable
from kiosk.journal import Journal
from kiosk.offline.bringing import Bringer, key_of

MORTAL = Path(__file__).with_name("mortal_bringer.py")
ADDRESSES = {"environment": "http://environment", "education": "http://education"}


def write(journal: Journal, number: int, department: str = "environment") -> None:
    tap = OfflineTap(
        at=1_772_444_000 + number,
        card_uuid=uuid4(),
        department=department,
        service="recycling-points",
        known_as_of=1_772_443_000,
        signature=bytes(70),
    )
    journal.append(tap.model_dump_json().encode(), json.dumps({"slip": f"slip {number}"}).encode())


class Service:
    client_id = "kiosk-1"

    def __init__(self) -> None:
        self.batches: list[list[int]] = []
        self.refusal: Exception | None = None
        self.verdict = TapVerdict.ACCEPTED

    def submit_offline_taps(self, entries: Sequence[OfflineEntry]) -> list[JudgedTap]:
        if self.refusal:
            raise self.refusal
        self.batches.append([entry.sequence for entry in entries])
        told = self.verdict is not TapVerdict.REFUSED
        return [
            JudgedTap(
                sequence=entry.sequence,
                hash=entry.hash,
                tap_id=uuid4(),
                verdict=self.verdict,
                assertion="assertion" if told else None,
            )
            for entry in entries
        ]

    def offline_package(self) -> str:
        raise NotImplementedError

    def status_list(self, uri: str) -> str:
        raise NotImplementedError

    def root_certificate(self) -> bytes:
        raise NotImplementedError


class Departments:
    def __init__(self) -> None:
        self.asked: list[tuple[str, str, UUID]] = []
        self.answers: dict[str, Exception] = {}

    def ask(self, base_url: str, _service: str, request: ServiceRequest, key: UUID) -> Outcome:
        self.asked.append((base_url, request.input["slip"], key))
        if base_url in self.answers:
            raise self.answers[base_url]
        return Outcome(title={"en": "Done"}, receipt="EN-0001")


@pytest.fixture
def journal(tmp_path: Path) -> Any:
    with Journal(tmp_path, "kiosk-1") as journal:
        yield journal


def bringer(journal: Journal, service: Service, departments: Departments, refused: list[str] | None = None) -> Bringer:
    return Bringer(journal, service, departments, ADDRESSES, lambda: (refused or []).append("refused"))


def test_each_request_goes_to_its_department_and_the_journal_is_empty(journal: Journal) -> None:
    service, departments = Service(), Departments()
    write(journal, 1)
    write(journal, 2, "education")
    keys = [key_of(entry) for entry in journal]
    assert bringer(journal, service, departments).bring()
    assert departments.asked == [
        ("http://environment", "slip 1", keys[0]),
        ("http://education", "slip 2", keys[1]),
    ]
    assert journal.unsynchronised() == list(journal) == []
    assert journal.next_place[0] == 3


def test_many_entries_go_in_batches(journal: Journal) -> None:
    service = Service()
    for number in range(60):
        write(journal, number)
    assert bringer(journal, service, Departments()).bring()
    assert [len(batch) for batch in service.batches] == [50, 10]


@pytest.mark.parametrize(
    "trouble",
    [
        DepartmentUnreachable("environment"),
        DepartmentConfused("?"),
        DepartmentRefused(Problem(type="about:blank", title="Broken", status=500)),
    ],
)
def test_a_department_that_does_not_answer_keeps_nobody_else_waiting(journal: Journal, trouble: Exception) -> None:
    service, departments = Service(), Departments()
    departments.answers["http://environment"] = trouble
    write(journal, 1)
    write(journal, 2, "education")
    brought = bringer(journal, service, departments)
    assert not brought.bring()
    assert len(journal.unsynchronised()) == 2
    departments.answers.clear()
    assert brought.bring()
    slips = [slip for _, slip, _ in departments.asked]
    assert slips == ["slip 1", "slip 2", "slip 1"]
    assert len({key for _, slip, key in departments.asked if slip == "slip 1"}) == 1


def test_a_no_of_the_department_is_an_answer(journal: Journal) -> None:
    departments = Departments()
    departments.answers["http://environment"] = DepartmentRefused(Problem(type="about:blank", title="No", status=409))
    write(journal, 1)
    assert bringer(journal, Service(), departments).bring()


def test_what_the_service_refused_goes_to_nobody(journal: Journal) -> None:
    service, departments = Service(), Departments()
    service.verdict = TapVerdict.REFUSED
    write(journal, 1)
    assert bringer(journal, service, departments).bring()
    assert departments.asked == []


def test_nothing_is_removed_that_the_service_has_not_taken(journal: Journal) -> None:
    service = Service()
    service.refusal = ServiceUnreachable("cut")
    write(journal, 1)
    with pytest.raises(ServiceUnreachable):
        bringer(journal, service, Departments()).bring()
    assert len(journal.unsynchronised()) == 1


def test_a_journal_that_is_refused_is_kept_and_said(journal: Journal) -> None:
    service, said = Service(), ["before"]
    problem = Problem(type="urn:citizen-card:problem:journal-refused", title="No", status=409)
    service.refusal = ServiceProblem(problem)
    write(journal, 1)
    with pytest.raises(ServiceProblem):
        bringer(journal, service, Departments(), said).bring()
    assert (said, len(journal.unsynchronised())) == (["before", "refused"], 1)


def test_an_answer_about_another_entry_settles_nothing(journal: Journal) -> None:
    class Other(Service):
        def submit_offline_taps(self, entries: Sequence[OfflineEntry]) -> list[JudgedTap]:
            return [tap.model_copy(update={"hash": bytes(32)}) for tap in super().submit_offline_taps(entries)]

    write(journal, 1)
    assert not bringer(journal, Other(), Departments()).bring()
    assert len(journal.unsynchronised()) == 1


@pytest.mark.timeout(300)
@pytest.mark.parametrize("when", ["before", "after"])
def test_killed_at_any_step_every_entry_gets_to_its_department_under_one_key(tmp_path: Path, when: str) -> None:
    for step in range(1, 100):
        (folder := tmp_path / str(step)).mkdir()
        with Journal(folder, "kiosk-1") as journal:
            write(journal, 1)
            write(journal, 2)
            keys = [str(key_of(entry)) for entry in journal]
        died = subprocess.run(
            (sys.executable, str(MORTAL), str(folder), str(step), when), capture_output=True, text=True, check=False
        )
        answered = lines(folder / "answered")
        with Journal(folder, "kiosk-1") as journal:
            left = [str(key_of(entry)) for entry in journal.unsynchronised()]
        assert set(keys) - set(left) <= {line.split()[0] for line in answered}, died.stderr
        again = subprocess.run((sys.executable, str(MORTAL), str(folder), "0", when), check=False)
        assert again.returncode == 0
        expected = {f"{key} recycling-points slip {number}" for number, key in enumerate(keys, start=1)}
        assert set(lines(folder / "answered")) == expected
        assert len(set(lines(folder / "taken"))) == 2
        with Journal(folder, "kiosk-1") as journal:
            assert (list(journal), journal.next_place[0]) == ([], 3)
        if died.returncode != -signal.SIGKILL:
            break

    assert died.returncode == 0, died.stderr
    assert step > 10  # one request, two more, and each time the head is written


def lines(path: Path) -> list[str]:
    return path.read_text().splitlines() if path.exists() else []
