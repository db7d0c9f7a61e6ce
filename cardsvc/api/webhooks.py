"""Events for departments, and the webhooks that bring them; for administrators, how that goes."""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated

from fastapi import APIRouter, Query
from sqlalchemy.orm import Session

from cardsvc.api.access import require
from cardsvc.api.dependencies import ServicesDep
from cardsvc.api.documentation import problems
from cardsvc.api.once import OnceRoute
from cardsvc.api.pages import After, FeedDep, PagingDep
from cardsvc.callers.principal import Principal
from cardsvc.db import in_transaction, reading
from cardsvc.departments.errors import DepartmentNotFound
from cardsvc.departments.models import Department
from cardsvc.departments.repository import calling_department, find_by_code
from cardsvc.webhooks import feed, subscribing
from cardsvc.wire import webhooks as wire
from cardsvc.wire.base import Code
from cardsvc.wire.officers import CallerKind
from cardsvc.wire.scopes import Scope

router = APIRouter(prefix="/v1", tags=["webhooks"], route_class=OnceRoute)

Reader = Annotated[Principal, require(Scope.EVENTS_READ)]
Subscriber = Annotated[Principal, require(Scope.WEBHOOKS_WRITE)]
Administrator = Annotated[Principal, require(Scope.DEPARTMENTS_WRITE)]
Onlooker = Annotated[Principal, require(Scope.WEBHOOKS_WRITE, Scope.DEPARTMENTS_WRITE)]

Limit = Annotated[int, Query(ge=1, le=wire.MOST_EVENTS)]


@router.get(
    "/events",
    operation_id="listEvents",
    summary="Hear what happened to people the department knows",
    responses=problems(401, 403, 404, 422),
)
def list_events(
    services: ServicesDep, actor: Reader, feed_page: FeedDep, after: After = None, limit: Limit = 100
) -> wire.EventPage:
    """In order, without gaps, for 90 days: whoever asks on from the last event misses nothing, with webhooks or not.

    Each event has an id that stays the same; a department acts upon each once.
    """
    with reading(services.sessions) as session:
        page = feed.read_events(session, calling_department(session, actor), after, limit)
    return feed_page.link(page, after=page.next)


@router.post(
    "/webhook-subscription",
    status_code=201,
    operation_id="subscribe",
    summary="Have events sent, or sent elsewhere",
    responses=problems(401, 403, 404, 422),
)
def subscribe(request: wire.SubscriptionRequest, services: ServicesDep, actor: Subscriber) -> wire.SubscriptionSecret:
    """Signed by Standard Webhooks under the secret of the answer, which is shown once.

    What is not accepted with a status of 2xx is sent again, as long as it is kept. For earlier events ask for a replay.
    """

    def work(session: Session) -> wire.SubscriptionSecret:
        return subscribing.subscribe(
            session,
            services.keystore,
            services.webhook_rules,
            calling_department(session, actor).code,
            request.url,
            actor=actor.client_id,
            now=services.clock(),
        )

    return in_transaction(services.sessions, work)


@router.get(
    "/webhook-subscription",
    operation_id="getSubscription",
    summary="See where events are sent, and how that goes",
    responses=problems(401, 403, 404, 422),
)
def get_subscription(services: ServicesDep, actor: Subscriber) -> wire.Subscription:
    """The department's own."""
    with reading(services.sessions) as session:
        row = subscribing.get_subscription(session, calling_department(session, actor))
        return subscribing.describe(session, row)


@router.post(
    "/webhook-subscription/rotate-secret",
    operation_id="rotateWebhookSecret",
    summary="Get another secret",
    responses=problems(401, 403, 404, 422),
)
def rotate_secret(request: wire.SecretRotation, services: ServicesDep, actor: Subscriber) -> wire.SubscriptionSecret:
    """For some time deliveries are signed under both. The new one is shown once."""

    def work(session: Session) -> wire.SubscriptionSecret:
        return subscribing.rotate_secret(
            session,
            services.keystore,
            calling_department(session, actor).code,
            timedelta(hours=request.overlap_hours),
            actor=actor.client_id,
            now=services.clock(),
        )

    return in_transaction(services.sessions, work)


@router.post(
    "/webhook-subscription/disable",
    operation_id="unsubscribe",
    summary="Have no events sent any more",
    responses=problems(401, 403, 404, 422),
)
def unsubscribe(services: ServicesDep, actor: Subscriber) -> wire.Subscription:
    """The feed goes on."""

    def work(session: Session) -> wire.Subscription:
        code = calling_department(session, actor).code
        row = subscribing.disable(session, code, actor=actor.client_id, now=services.clock())
        return subscribing.describe(session, row)

    return in_transaction(services.sessions, work)


@router.post(
    "/webhook-subscription/resume",
    operation_id="resumeSubscription",
    summary="Say that the receiver is back",
    responses=problems(401, 403, 404, 422),
)
def resume(services: ServicesDep, actor: Subscriber) -> wire.Subscription:
    """What waits is sent at once; also after a subscription was disabled."""

    def work(session: Session) -> wire.Subscription:
        code = calling_department(session, actor).code
        row = subscribing.resume(session, code, actor=actor.client_id, now=services.clock())
        return subscribing.describe(session, row)

    return in_transaction(services.sessions, work)


@router.post(
    "/webhook-replays",
    status_code=202,
    operation_id="replayEvents",
    summary="Have events sent again",
    responses=problems(401, 403, 404, 422),
)
def replay(request: wire.ReplayRequest, services: ServicesDep, actor: Subscriber) -> wire.Replay:
    """From one event on, itself included; under the same ids, each person's in order."""

    def work(session: Session) -> wire.Replay:
        code = calling_department(session, actor).code
        count = subscribing.replay(session, code, request, actor=actor.client_id, now=services.clock())
        return wire.Replay(events=count)

    return in_transaction(services.sessions, work)


@router.get(
    "/webhook-deliveries",
    operation_id="listDeliveries",
    summary="See which events were sent, with every attempt",
    responses=problems(401, 403, 404, 422),
)
def list_deliveries(
    services: ServicesDep,
    actor: Onlooker,
    feed_page: FeedDep,
    *,
    department: Annotated[Code | None, Query(description="Whose; an administrator names one.")] = None,
    state: wire.DeliveryState | None = None,
    after: After = None,
    limit: Limit = 100,
) -> wire.DeliveryPage:
    """A department sees its own. Whom an event is about is not here."""
    with reading(services.sessions) as session:
        page = feed.read_deliveries(session, _whose(session, actor, department), after, limit, state)
    return feed_page.link(page, after=page.next)


@router.get(
    "/webhook-subscriptions",
    operation_id="listSubscriptions",
    summary="See to which departments events are sent, and how that goes",
    responses=problems(401, 403, 422),
)
def list_subscriptions(services: ServicesDep, _actor: Administrator, paging: PagingDep) -> wire.SubscriptionList:
    """In the order in which departments joined."""
    with reading(services.sessions) as session:
        page = subscribing.list_subscriptions(session, paging.wanted)
        shown = [subscribing.describe(session, row) for row in page.rows]
        return wire.SubscriptionList(subscriptions=shown, next=paging.link(page.next))


def _whose(session: Session, actor: Principal, named: Code | None) -> Department:
    """The department whose deliveries are wanted. A department has no business with those of another."""
    code = actor.client_id if actor.kind is CallerKind.DEPARTMENT else named
    department = None if code is None or named not in (None, code) else find_by_code(session, code)
    if department is None:
        raise DepartmentNotFound
    return department
