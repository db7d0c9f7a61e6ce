"""A caller changes its key without a break, on both databases: for a while the former one is good, too."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from joserfc.jwk import ECKey
from typer.testing import CliRunner

from cardsvc.app import create_app
from cardsvc.callers.keys import LONGEST_OVERLAP
from cardsvc.cli import app
from cardsvc.client import ServiceClient, ServiceProblem
from cardsvc.clock import system_clock
from cardsvc.wire.levels import Level
from cardsvc.wire.officers import CallerKind
from tests.fixtures.live import serving
from tests.fixtures.proofs import City

MINUTE = timedelta(minutes=1)


class Booth:
    """A kiosk, with the client that has its first key."""

    def __init__(self, city: City) -> None:
        self.city = city
        self.first = city.caller("kiosk-1")
        city.department()

    def rotated(self, overlap: timedelta = MINUTE) -> ServiceClient:
        """The client with the next key."""
        key = ECKey.generate_key("P-256")
        self.city.client("kiosk-1").rotate_key(key, overlap)
        self.city.keys["kiosk-1"] = key
        return self.city.client("kiosk-1")

    def visit(self, client: ServiceClient) -> str:
        (challenge,) = client.challenges(Level.TAP)
        return client.authenticate(self.city.card().prove(challenge)).visit_token


@pytest.fixture
def booth(city: City) -> Booth:
    return Booth(city)


def exchanged(client: ServiceClient, visit: str) -> bool:
    return bool(client.exchange(visit, "medical-insurance", "clinic-check-in"))


def refused(call: Callable[..., Any], *arguments: Any) -> str:
    with pytest.raises(ServiceProblem) as caught:
        call(*arguments)
    return caught.value.problem.code


def test_both_keys_are_good_until_then_and_the_former_no_longer(booth: Booth) -> None:
    held = booth.first.access_token()
    second = booth.rotated()

    again = booth.city.client("kiosk-1", booth.first._credentials._key)
    for client in (booth.first, again, second):
        client.challenges(Level.TAP)

    booth.city.clock.advance(seconds=60)
    headers = {"Authorization": f"Bearer {held}"}
    assert booth.city.http().post("/v1/challenges", json={"level": "tap"}, headers=headers).status_code == 401
    assert refused(booth.first.challenges, Level.TAP) == "client-refused"
    assert refused(booth.city.client("kiosk-1", again._credentials._key).access_token) == "client-refused"
    second.challenges(Level.TAP)


def test_a_visit_that_was_begun_with_the_former_key_goes_on_with_either(booth: Booth) -> None:
    visit = booth.visit(booth.first)
    second = booth.rotated()

    assert exchanged(booth.first, visit)
    assert exchanged(second, visit)

    booth.city.clock.advance(seconds=60)
    assert refused(exchanged, second, visit) == "visit-foreign"


def test_a_visit_that_was_begun_with_the_new_key_is_not_for_the_former_one(booth: Booth) -> None:
    """Whoever steals the key that is on its way out gets nothing of what happens since."""
    second = booth.rotated()
    visit = booth.visit(second)

    assert refused(exchanged, booth.first, visit) == "visit-foreign"
    assert exchanged(second, visit)


def test_the_former_key_changes_no_key(booth: Booth) -> None:
    booth.rotated()
    assert refused(booth.first.rotate_key, ECKey.generate_key("P-256"), MINUTE) == "key-change-refused"


def test_there_is_one_former_key_at_a_time(booth: Booth) -> None:
    second = booth.rotated(timedelta(hours=1))
    booth.rotated(timedelta(hours=1))
    assert refused(booth.city.client("kiosk-1", booth.first._credentials._key).access_token) == "client-refused"
    booth.city.client("kiosk-1", second._credentials._key).access_token()


def test_an_administrator_ends_both_at_once(booth: Booth) -> None:
    ana = booth.city.caller("ana", CallerKind.OFFICER)
    second = booth.rotated(timedelta(hours=1))
    changed = ana.replace_key("kiosk-1", dict(ECKey.generate_key("P-256").as_dict(private=False)))
    assert (changed.former_thumbprint, changed.former_until) == (None, None)
    assert {refused(client.challenges, Level.TAP) for client in (booth.first, second)} == {"client-refused"}


@pytest.mark.parametrize("overlap", [LONGEST_OVERLAP + timedelta(seconds=1), timedelta(seconds=-1)])
def test_no_overlap_is_longer_than_a_week_or_over_already(booth: Booth, overlap: timedelta) -> None:
    with pytest.raises(ServiceProblem) as caught:
        booth.rotated(overlap)
    assert (caught.value.problem.code, caught.value.problem.data) == ("key-overlap-refused", {"most_days": 7})
    booth.first.challenges(Level.TAP)


def test_a_former_key_is_nobody_elses(booth: Booth) -> None:
    other = booth.city.caller("kiosk-2")
    former = booth.first._credentials._key
    booth.rotated(LONGEST_OVERLAP)
    assert refused(other.rotate_key, former) == "caller-exists"
    assert refused(booth.city.client("kiosk-1").rotate_key, former) == "caller-exists"


def test_it_is_on_record_and_shown(booth: Booth) -> None:
    until = booth.city.clock() + MINUTE
    former = booth.first._credentials._key.thumbprint()
    second = booth.rotated()
    (entry,) = booth.city.audit("caller.key")
    assert (entry.actor, entry.detail["former"], datetime.fromisoformat(entry.detail["former_until"])) == (
        "kiosk-1",
        former,
        until,
    )
    assert entry.detail["present"] == second._credentials._key.thumbprint()
    ana = booth.city.caller("ana", CallerKind.OFFICER)
    shown = next(caller for caller in ana.callers() if caller.client_id == "kiosk-1")
    assert (shown.thumbprint, shown.former_thumbprint, shown.former_until) == (entry.detail["present"], former, until)


def test_the_command(sqlite_city: City, tmp_path: Path) -> None:
    sqlite_city.caller("kiosk-1")
    keys = {"old": sqlite_city.keys["kiosk-1"], "new": ECKey.generate_key("P-256")}
    for name, key in keys.items():
        (tmp_path / name).write_text(json.dumps(key.as_dict(private=True)))
        (tmp_path / name).chmod(0o600)
    services = replace(sqlite_city.services, clock=system_clock)
    options = ("--key", str(tmp_path / "old"), "--new-key", str(tmp_path / "new"), "--issuer", services.settings.issuer)
    command = ("caller", "rotate-key", "kiosk-1", *options, "--overlap-hours=2")
    with serving(create_app(services)) as url:
        done = CliRunner().invoke(app, [*command, "--service", url])
        again = CliRunner().invoke(app, [*command, "--service", url])
    words = f"kiosk-1 has another key: {keys['new'].thumbprint()}; the one before is good until"
    assert words in " ".join(done.stdout.split())
    assert sqlite_city.principal("kiosk-1").key_thumbprint == keys["new"].thumbprint()
    assert (again.exit_code, "did not change the key: key-change-refused" in again.stderr) == (1, True)
