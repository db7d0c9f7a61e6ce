"""The benchmark of parsers reaches all of them, with as many bytes as a card may answer."""

from __future__ import annotations

from tests.bench import parsing
from tests.fuzz.targets import TARGETS


def test_every_parser_is_measured() -> None:
    report = parsing.measure(rounds=1)
    assert report.keys() == TARGETS.keys()
    assert all(cost["bytes"] > 0 and cost["median_us"] > 0 for cost in report.values())


def test_hostile_input_is_as_long_as_an_answer_may_be() -> None:
    for seed in (b"S", b"53", bytes(3 * parsing.MOST)):
        kinds = dict(parsing.hostile(seed))
        assert len(kinds) == 6
        assert all(parsing.MOST - 5 <= len(raw) <= max(parsing.MOST, len(seed)) for raw in kinds.values())
