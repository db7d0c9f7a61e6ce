"""What the queue shows and offers, by state, role and who wrote it."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from uuid import uuid4

import pytest
from joserfc.jwk import ECKey

from cardsvc.callers.scopes import scopes_of_roles
from cardsvc.client import ServiceClient
from cardsvc.wire.approvals import Approval, ApprovalKind, ApprovalState
from cardsvc.wire.lifecycle import Application, ApplicationKind, ApplicationState, ApplicationSummary, Person
from cardsvc.wire.officers import CallerKind, Role, Standing
from kiosk.desk.on_duty import OnDuty
from kiosk.desk.queue import Act, Matter, Shown, WaitsFor, acts_on, age, shown

NOW = datetime(2026, 11, 29, 12, tzinfo=UTC)
PERSON = Person(name="陈嘉欣", birth_date=date(1987, 4, 12), document_number="M1234567", district="hengqin")


def on_duty(*roles: Role, name: str = "ana") -> OnDuty:
    key = ECKey.generate_key("P-256")
    standing = Standing(
        client_id=name, kind=CallerKind.OFFICER, title=name, roles=list(roles), scopes=sorted(scopes_of_roles(roles))
    )
    return OnDuty(ServiceClient("http://localhost:1", name, key), standing)


def application(state: ApplicationState, requested_by: str = "ana") -> Application:
    return Application(
        id=uuid4(), state=state, person=PERSON, kind=ApplicationKind.FIRST, citizen_id=uuid4(),
        requested_by=requested_by, responsible=requested_by, history=[],
    )  # fmt: skip


def summary(state: ApplicationState, responsible: str = "ana") -> ApplicationSummary:
    return ApplicationSummary(
        id=uuid4(), kind=ApplicationKind.FIRST, state=state, responsible=responsible, created_at=NOW
    )


def approval(state: ApprovalState, requested_by: str = "ana") -> Approval:
    return Approval(
        id=uuid4(), kind=ApprovalKind.PUK_RELEASE, subject_id=uuid4(), state=state, reason="PIN forgotten",
        requested_by=requested_by, requested_at=NOW, expires_at=NOW + timedelta(days=1),
    )  # fmt: skip


@pytest.mark.parametrize(
    ("role", "state", "offered"),
    [
        (Role.CLERK, ApplicationState.DRAFT, (Act.SUBMIT, Act.CONSENT, Act.CANCEL)),
        (Role.CLERK, ApplicationState.SUBMITTED, (Act.COLLEAGUE, Act.CANCEL)),
        (Role.CLERK, ApplicationState.APPROVED, (Act.ISSUE, Act.CANCEL)),
        (Role.CLERK, ApplicationState.CLOSED, ()),
        (Role.APPROVER, ApplicationState.DRAFT, ()),
        (Role.APPROVER, ApplicationState.SUBMITTED, (Act.APPROVE, Act.REJECT)),
        (Role.STOCK_KEEPER, ApplicationState.SUBMITTED, ()),
    ],
)
def test_an_application_offers_what_the_role_may_do_in_its_state(
    role: Role, state: ApplicationState, offered: tuple[Act, ...]
) -> None:
    assert acts_on(application(state, "bo"), on_duty(role)) == offered


def test_nobody_is_offered_to_approve_what_they_wrote() -> None:
    both = on_duty(Role.CLERK, Role.APPROVER)
    assert acts_on(application(ApplicationState.SUBMITTED, "bo"), both) == (
        Act.APPROVE,
        Act.COLLEAGUE,
        Act.REJECT,
        Act.CANCEL,
    )
    assert acts_on(application(ApplicationState.SUBMITTED, "ana"), both) == (Act.COLLEAGUE, Act.REJECT, Act.CANCEL)


def test_an_approval_is_for_a_colleague_and_whoever_asked_takes_it_back() -> None:
    asked = approval(ApprovalState.REQUESTED)
    assert acts_on(asked, on_duty(Role.SUPERVISOR)) == (Act.TAKE_BACK,)
    assert acts_on(asked, on_duty(Role.SUPERVISOR, name="bo")) == (Act.GRANT, Act.REFUSE)
    assert acts_on(asked, on_duty(Role.CLERK, name="bo")) == ()
    assert acts_on(approval(ApprovalState.APPROVED), on_duty(Role.SUPERVISOR, name="bo")) == ()


def test_every_open_state_says_who_waits_for_whom() -> None:
    over = {ApplicationState.REJECTED, ApplicationState.CLOSED, ApplicationState.CANCELLED}
    said = {state: Matter(summary(state)).waits_for for state in ApplicationState if state not in over}
    assert said[ApplicationState.SUBMITTED] is WaitsFor.APPROVER
    assert said[ApplicationState.PRODUCED] is WaitsFor.HOLDER
    assert Matter(approval(ApprovalState.REQUESTED)).waits_for is WaitsFor.APPROVER
    assert Matter(approval(ApprovalState.APPROVED)).waits_for is WaitsFor.ASKER


def test_a_part_of_the_queue() -> None:
    matters = [
        Matter(one)
        for one in (
            summary(ApplicationState.DRAFT),
            summary(ApplicationState.SUBMITTED, "bo"),
            approval(ApprovalState.REQUESTED, "bo"),
        )
    ]
    assert shown(matters, Shown(), "ana") == matters
    assert shown(matters, Shown(mine=True), "ana") == matters[:1]
    assert shown(matters, Shown(mine=True), "bo") == matters[1:]
    assert shown(matters, Shown(frozenset({ApplicationState.SUBMITTED}), approvals=False), "ana") == matters[1:2]
    assert shown(matters, Shown(frozenset()), "ana") == matters[2:]


@pytest.mark.parametrize(
    ("passed", "said"),
    [
        (timedelta(seconds=-5), (0, "minutes")),
        (timedelta(minutes=59), (59, "minutes")),
        (timedelta(hours=1), (1, "hours")),
        (timedelta(hours=50), (2, "days")),
    ],
)
def test_age(passed: timedelta, said: tuple[int, str]) -> None:
    assert age(NOW - passed, NOW) == said
