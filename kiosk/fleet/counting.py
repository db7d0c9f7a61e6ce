"""What a kiosk counts, for Prometheus: nothing of any citizen."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Final

from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from cardsvc.wire.fleet import Heartbeat, ReaderCondition

_NUMBERS: Final = {
    "plan_version": ("kiosk_plan_version", "The version of the plan that the kiosk follows; 0 for none."),
    "offers_age": ("kiosk_offers_age_seconds", "For how long not every department has said what it offers."),
    "cards_left": ("kiosk_cards_left", "Cards that were left behind since the start."),
    "card_left_age": ("kiosk_card_left_seconds", "For how long a card is there that somebody left behind."),
    "revocations_age": ("kiosk_revocations_age_seconds", "How long ago the kiosk knew every revocation there was."),
}
"""Of members of a heartbeat; what is not known is left out."""


def write_metrics(report: Heartbeat, heartbeat_age: int | None, *, out_of_service: bool) -> str:
    """What the kiosk says of itself, and how long ago the service has heard that."""
    registry = CollectorRegistry()
    registry.register(_Report(report, heartbeat_age, out_of_service=out_of_service))
    return generate_latest(registry).decode()


class _Report(Collector):
    def __init__(self, report: Heartbeat, heartbeat_age: int | None, *, out_of_service: bool) -> None:
        self._report = report
        self._heartbeat_age = heartbeat_age
        self._out_of_service = out_of_service

    def collect(self) -> Iterable[Metric]:
        yield from self._numbers()
        readers = GaugeMetricFamily("kiosk_reader_ready", "Whether a reader works.", labels=["reader"])
        for name in ("contactless", "contact"):
            readers.add_metric([name], getattr(self._report, name) is ReaderCondition.READY)
        yield readers
        told = "Whether the kiosk was taken out of service."
        yield GaugeMetricFamily("kiosk_out_of_service", told, value=self._out_of_service)
        if self._heartbeat_age is not None:
            told = "How long ago the service has heard the kiosk."
            yield GaugeMetricFamily("kiosk_heartbeat_age_seconds", told, value=self._heartbeat_age)

    def _numbers(self) -> Iterator[Metric]:
        for member, (name, told) in _NUMBERS.items():
            value = getattr(self._report, member)
            if value is not None:
                yield GaugeMetricFamily(name, told, value=value)
