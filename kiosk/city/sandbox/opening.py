"""Opening a sandbox: a service of its own, and every test person with a card."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Final
from uuid import UUID

from cardsvc.client import ServiceClient
from cardsvc.wire.levels import Level
from cardsvc.wire.lifecycle import ApplicationKind, RevocationReason
from kiosk.city.founding import FOUNDING_OFFICERS, Plan, found, free_ports, open_service
from kiosk.city.issuing import enrol, produce
from kiosk.city.sandbox.people import PEOPLE, Condition, TestPerson
from kiosk.city.sandbox.room import Holder, Room, own_folder, plan_for
from kiosk.city.sandbox.securing import secure
from kiosk.city.sandbox.visiting import visiting
from kiosk.city.stage import CardFiles, LoopbackStage


@contextmanager
def open_sandbox(folder: Path, port: int, say: Callable[[str], None], client_ca: Path | None = None) -> Iterator[Room]:
    """Found a service in ``folder``, on ``port`` where that is free, and give everybody a card.

    With ``client_ca`` it serves HTTPS and asks callers for certificates of the authorities in that file. Everything is
    gone at the end of the block. Raises SandboxTrouble, ProcessFailed.
    """
    with ExitStack() as running:
        running.enter_context(own_folder(folder))
        plan = plan_for(folder.absolute(), free_ports(1, port)[0], secured=client_ca is not None)
        if client_ca is not None:
            plan = replace(plan, serving=secure(plan.folder, client_ca, datetime.now(UTC)))
        say("Founding a card service for tests …")
        found(plan)
        running.enter_context(open_service(plan))
        room = Room(plan, {person.code: _with_card(plan, number, person, say) for number, person in enumerate(PEOPLE)})
        room.write()
        yield room


def wait_for_interrupt() -> None:
    """Until Ctrl-C."""
    with suppress(KeyboardInterrupt):
        threading.Event().wait()


def issue_card(plan: Plan, application: UUID, stock_number: str) -> UUID:
    """The card of a submitted application, written and activated."""
    stage = LoopbackStage(plan.folder)
    return produce(plan, stage, CardFiles.named(plan.folder, stock_number), application, stock_number)


def _with_card(plan: Plan, number: int, person: TestPerson, say: Callable[[str], None]) -> Holder:
    stock_number = f"TEST-{number:04d}-1"
    with plan.caller(FOUNDING_OFFICERS[0]) as clerk:
        application = enrol(clerk, person.on(datetime.now(UTC).date()))
        citizen_id = clerk.application(application).citizen_id
        card_uuid = issue_card(plan, application, stock_number)
        holder = Holder(person.code, str(citizen_id), str(card_uuid), stock_number)
        holder = _CONDITIONS[person.condition](plan, clerk, holder)
    say(f"  {person.name} [dim]{person.code}[/]")
    return holder


def _leave(_plan: Plan, _clerk: ServiceClient, holder: Holder) -> Holder:
    return holder


def _hold(_plan: Plan, clerk: ServiceClient, holder: Holder) -> Holder:
    clerk.hold(holder.uuid, "a test")
    return holder


def _revoke(_plan: Plan, clerk: ServiceClient, holder: Holder) -> Holder:
    clerk.revoke(holder.uuid, RevocationReason.STOLEN)
    return holder


def _lend(plan: Plan, clerk: ServiceClient, holder: Holder) -> Holder:
    stock_number = f"{holder.stock_number[:-1]}2"
    application = clerk.apply(UUID(holder.citizen_id), ApplicationKind.TEMPORARY)
    clerk.submit(application.id)
    return Holder(holder.code, holder.citizen_id, str(issue_card(plan, application.id, stock_number)), stock_number)


def _lock(plan: Plan, _clerk: ServiceClient, holder: Holder) -> Holder:
    with visiting(plan, holder, Level.PIN) as (kiosk, visit):
        kiosk.lock_card(visit, level=Level.TAP)
    return holder


_CONDITIONS: Final[Mapping[Condition, Callable[[Plan, ServiceClient, Holder], Holder]]] = {
    Condition.ACTIVE: _leave,
    Condition.HELD: _hold,
    Condition.REVOKED: _revoke,
    Condition.TEMPORARY: _lend,
    Condition.LOCKED: _lock,
}
"""What is done to each new card."""
