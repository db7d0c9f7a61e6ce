"""What time does, on both databases: each deadline, once, by one process at a time."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from uuid import UUID

import pytest
from typer.testing import CliRunner

from cardsvc.approvals import service as approvals
from cardsvc.approvals.models import Approval
from cardsvc.client import ServiceProblem
from cardsvc.commands.clock import app
from cardsvc.db import transaction
from cardsvc.deadlines import DEADLINES
from cardsvc.timekeeping import Run, _alone, every
from cardsvc.trust.models import CertificateStatus
from cardsvc.wire.approvals import ApprovalKind, ApprovalState
from cardsvc.wire.lifecycle import ApplicationKind, ApplicationState, CardState, HoldReason
from cardsvc.wire.losses import Channel, LossKind, LossReportRequest
from tests.fixtures.counter import Counter
from tests.fixtures.services import PASSPHRASE


def run(counter: Counter) -> dict[str, int]:
    """What a run did; a second one finds nothing left."""
    done = counter.services.timekeeper.run().done
    assert not any(counter.services.timekeeper.run().done.values())
    return {name: count for name, count in done.items() if count}


def test_nothing_is_due(counter: Counter) -> None:
    counter.first()
    assert run(counter) == {}
    assert set(counter.services.timekeeper.run().done) == {deadline.name for deadline in DEADLINES}


def test_cards_expire_after_their_last_day(counter: Counter) -> None:
    _, card = counter.first()
    _, held = counter.first()
    counter.ana.hold(held.uuid, "suspicious")
    assert card.expires_on is not None
    last_day = datetime.combine(card.expires_on, counter.city.clock.now.timetz())
    counter.city.clock.now = last_day
    assert run(counter) == {}
    counter.city.clock.advance(days=1)
    assert run(counter) == {"cards expired": 2}
    for uuid in (card.uuid, held.uuid):
        assert (counter.state(uuid), counter.statuses(uuid)) == (CardState.EXPIRED, {CertificateStatus.REVOKED})
    assert counter.ana.card(card.uuid).history[-1].actor == "clock"
    assert len(counter.city.audit("card.expire")) == 2


def test_a_held_card_that_expired_is_not_restored(counter: Counter) -> None:
    """Before the clock has run, too."""
    citizen_id, old = counter.first()
    counter.ana.hold(old.uuid, "suspicious")
    counter.city.clock.now = counter.city.clock.now.replace(year=2031, month=4)
    counter.approval(ApprovalKind.REINSTATEMENT, old.uuid)
    assert counter.refused(lambda: counter.ana.reinstate(old.uuid)).code == "card-over"
    run(counter)
    assert counter.issued(counter.ana.apply(citizen_id, ApplicationKind.RENEWAL)).state is CardState.ACTIVE


def test_a_temporary_card_lapses_and_the_other_one_waits_for_its_return(counter: Counter) -> None:
    citizen_id, old = counter.first()
    temporary = counter.issued(counter.ana.apply(citizen_id, ApplicationKind.TEMPORARY))
    counter.city.clock.advance(days=7)
    assert run(counter) == {}
    counter.city.clock.advance(days=1)
    assert run(counter) == {"cards expired": 1}
    assert counter.ana.card(old.uuid).hold_reason is HoldReason.TEMPORARY
    assert counter.ana.return_card(temporary.uuid).state is CardState.EXPIRED
    assert counter.state(old.uuid) is CardState.ACTIVE
    with pytest.raises(ServiceProblem, match="transition-refused"):
        counter.ana.return_card(temporary.uuid)


def test_a_card_that_nobody_collected_is_revoked(counter: Counter) -> None:
    draft = counter.ana.create_application(counter.person())
    counter.approved(draft)
    card = counter.write(counter.reserved(draft).uuid)
    counter.city.clock.now = counter.city.clock.now.replace(year=2031, month=4)
    assert run(counter) == {"uncollected cards revoked": 1}
    assert (counter.state(card), counter.ana.application(draft.id).state) == (
        CardState.REVOKED,
        ApplicationState.CANCELLED,
    )


def test_lost_cards_are_revoked_after_fifteen_days(counter: Counter) -> None:
    citizen_id, card = counter.first()
    counter.ana.report_loss(LossReportRequest(citizen_id=citizen_id, kind=LossKind.LOST, channel=Channel.DESK))
    counter.city.clock.advance(days=14, hours=23, minutes=59)
    assert run(counter) == {}
    counter.city.clock.advance(minutes=1)
    assert run(counter) == {"lost cards revoked": 1}
    assert (counter.state(card.uuid), counter.statuses(card.uuid)) == (CardState.REVOKED, {CertificateStatus.REVOKED})
    assert counter.ana.card(card.uuid).history[-1].reason == "not found in time"


def test_stale_approvals_are_closed(counter: Counter) -> None:
    _, card = counter.first()
    asked = counter.ana.request_approval(ApprovalKind.PUK_RELEASE, card.uuid, "blocked")
    counter.approval(ApprovalKind.REINSTATEMENT, card.uuid)
    counter.city.clock.advance(minutes=10)
    assert run(counter) == {"approvals closed": 1}
    (closed,) = counter.ana.approvals(ApprovalState.EXPIRED)
    assert closed.id == asked.id
    counter.city.clock.advance(days=1)
    assert run(counter) == {"approvals closed": 1}
    assert counter.refused(lambda: counter.bo.approve_request(asked.id), "bo").code == "approval-expired"


def test_a_card_that_was_reserved_and_forgotten_goes_back_to_stock(counter: Counter) -> None:
    application = counter.approved(counter.ana.create_application(counter.person()))
    card = counter.ana.personalise(application.id, counter.blank().stock_number)
    counter.city.clock.advance(hours=20)
    counter.ana.release(card.uuid)
    counter.ana.personalise(application.id, card.stock_number)
    counter.city.clock.advance(hours=23)
    assert run(counter) == {}, "reserved anew"
    counter.city.clock.advance(hours=1)
    assert run(counter) == {"reservations released": 1}
    assert counter.state(card.uuid) is CardState.STOCK
    assert counter.ana.application(application.id).state is ApplicationState.APPROVED


def test_one_process_at_a_time(counter: Counter) -> None:
    """On PostgreSQL by a lock; SQLite has one writer anyway."""
    with _alone(counter.services.sessions) as first, _alone(counter.services.sessions) as second:
        postgresql = counter.services.settings.database_url.startswith("postgresql")
        assert (first, second) == (True, not postgresql)
        assert counter.services.timekeeper.run().busy == postgresql
    assert not counter.services.timekeeper.run().busy


def test_what_somebody_else_settled_is_passed_over(counter: Counter, monkeypatch: pytest.MonkeyPatch) -> None:
    """The clock finds an approval due; before it comes to it, a second service has closed it."""
    _, card = counter.first()
    asked = counter.ana.request_approval(ApprovalKind.PUK_RELEASE, card.uuid, "blocked")
    counter.city.clock.advance(minutes=10)
    timekeeper = counter.services.timekeeper
    meet = type(timekeeper)._meet

    def later(self: object, deadline: object, subject: UUID, moment: object) -> bool:
        with transaction(counter.services.sessions) as session:
            approval = session.get_one(Approval, asked.id)
            if approval.state is ApprovalState.REQUESTED:
                approvals.close(session, approval, actor="clock", now=counter.city.clock())
        return meet(self, deadline, subject, moment)  # type: ignore[arg-type] # passed on as it came

    monkeypatch.setattr(type(timekeeper), "_meet", later)
    assert not any(timekeeper.run().done.values())


def test_a_run_is_broken_off_when_the_service_stops(counter: Counter) -> None:
    for _ in range(3):
        _, card = counter.first()
        counter.ana.request_approval(ApprovalKind.PUK_RELEASE, card.uuid, "blocked")
    counter.city.clock.advance(minutes=10)
    answers = iter([False, True])
    assert counter.services.timekeeper.run(lambda: next(answers, True)).done["approvals closed"] == 1
    assert run(counter) == {"approvals closed": 2}


def test_the_service_goes_on_when_a_run_fails_and_stops_at_once() -> None:
    """An hour between two runs: leaving does not wait for it."""
    again = threading.Event()

    def fail(_stopping: Callable[[], bool]) -> Run:
        again.set()
        raise RuntimeError("the database is away")

    with every(3600, fail):
        assert again.wait(10)
    assert not [thread for thread in threading.enumerate() if thread.name == "clock"]


def test_the_command(counter: Counter, keystore_folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CARDSVC_DATABASE_URL", counter.services.settings.database_url)
    monkeypatch.setenv("CARDSVC_KEYSTORE_DIR", str(keystore_folder))
    monkeypatch.setenv("CARDSVC_KEYSTORE_PASSPHRASE", PASSPHRASE)
    result = CliRunner().invoke(app, ["run", "--json"])
    assert (result.exit_code, json.loads(result.stdout)["busy"]) == (0, False)
    assert set(json.loads(result.stdout)["done"]) == {deadline.name for deadline in DEADLINES}
    told = CliRunner().invoke(app, ["run"])
    assert (told.exit_code, told.stdout) == (0, "nothing was due\n")
