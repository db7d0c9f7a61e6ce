"""Numbers for Prometheus: how far revocations have got, what departments are still owed, how the kiosks are.

They are served on a port of their own, on this machine's loopback alone, and only when `CARDSVC_METRICS_PORT` says so:
Prometheus has no key to prove itself with. With several workers it is the process that watches them that serves them.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from typing import Final

import structlog
from prometheus_client import CollectorRegistry, start_http_server
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.registry import Collector
from sqlalchemy.exc import SQLAlchemyError

from cardsvc.clock import Clock
from cardsvc.db import SessionFactory, reading
from cardsvc.fleet import reporting as fleet
from cardsvc.paging import EVERYTHING
from cardsvc.reach import reporting
from cardsvc.webhooks.subscribing import describe, list_subscriptions
from cardsvc.wire.fleet import Kiosk, KioskState
from cardsvc.wire.reach import RevocationReach
from cardsvc.wire.webhooks import Subscription

LOOPBACK: Final = "127.0.0.1"
_HEARD_FROM: Final = (KioskState.IN_SERVICE, KioskState.SILENT, KioskState.OUT_OF_SERVICE)
_log = structlog.get_logger("cardsvc.metrics")


class ServiceCollector(Collector):
    """Reads the numbers from the database whenever they are asked for."""

    def __init__(self, sessions: SessionFactory, clock: Clock) -> None:
        self._sessions = sessions
        self._clock = clock

    def collect(self) -> Iterable[Metric]:
        """All of them; none when the database does not answer, which the log says."""
        now = self._clock()
        try:
            with reading(self._sessions) as session:
                reach = reporting.report(session, reporting.DAYS, now)
                rows = list_subscriptions(session, EVERYTHING).rows
                subscriptions = [describe(session, row) for row in rows]
                kiosks = fleet.describe_all(session, fleet.list_kiosks(session, EVERYTHING).rows, now)
        except SQLAlchemyError:
            _log.exception("metrics-failed")
            return
        yield from _reach(reach)
        yield from _webhooks(subscriptions, now.timestamp())
        yield from _fleet(kiosks, now)

    def describe(self) -> Iterable[Metric]:
        """Nothing is asked of the database before it must be."""
        return ()


def registry_of(sessions: SessionFactory, clock: Clock) -> CollectorRegistry:
    """What is served."""
    registry = CollectorRegistry()
    registry.register(ServiceCollector(sessions, clock))
    return registry


@contextmanager
def serving_metrics(port: int | None, sessions: SessionFactory, clock: Clock) -> Iterator[None]:
    """Serve them for the time of a ``with`` block, if there is a port. Raises OSError when it is taken."""
    if port is None:
        yield
        return
    server, thread = start_http_server(port, LOOPBACK, registry_of(sessions, clock))
    try:
        yield
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def _reach(reach: RevocationReach) -> Iterator[Metric]:
    window = GaugeMetricFamily(
        "cardsvc_revocation_reach_seconds",
        "How long revoked cards could still have been accepted somewhere, in the last 30 days.",
        labels=["quantile"],
    )
    for quantile, seconds in (("0.5", reach.p50_seconds), ("0.99", reach.p99_seconds), ("1", reach.max_seconds)):
        if seconds is not None:
            window.add_metric([quantile], seconds)
    yield window
    yield GaugeMetricFamily(
        "cardsvc_revocations_incomplete",
        "Revocations that somebody has not acknowledged.",
        value=reach.revocations - reach.complete,
    )
    missing = GaugeMetricFamily(
        "cardsvc_revocations_unacknowledged",
        "Revocations that a kiosk or a department has not acknowledged.",
        labels=["party", "kind"],
    )
    for party in reach.parties:
        missing.add_metric([party.client_id, party.kind.value], party.unacknowledged)
    yield missing


def _webhooks(subscriptions: Iterable[Subscription], now: float) -> Iterator[Metric]:
    waiting = GaugeMetricFamily(
        "cardsvc_webhook_events_waiting", "Events that a department has not accepted.", labels=["department"]
    )
    failing = GaugeMetricFamily(
        "cardsvc_webhook_failing_seconds", "For how long a department has accepted nothing.", labels=["department"]
    )
    for one in subscriptions:
        waiting.add_metric([one.department], one.waiting)
        failing.add_metric([one.department], 0 if one.failing_since is None else now - one.failing_since.timestamp())
    yield from (waiting, failing)


def _fleet(kiosks: Sequence[Kiosk], now: datetime) -> Iterator[Metric]:
    states = GaugeMetricFamily("cardsvc_kiosks", "Kiosks, by how they stand.", labels=["state"])
    counts = Counter(kiosk.state for kiosk in kiosks)
    for state in KioskState:
        states.add_metric([state.value], counts[state])
    yield states
    heard = [kiosk.last_seen_at or kiosk.created_at for kiosk in kiosks if kiosk.state in _HEARD_FROM]
    yield GaugeMetricFamily(
        "cardsvc_kiosk_oldest_heartbeat_seconds",
        "How long ago that kiosk was heard from that has been silent for longest; 0 when there is none.",
        value=max(((now - at).total_seconds() for at in heard), default=0),
    )
