from __future__ import annotations

import itertools

import pytest

from readers.errors import CardRemoved
from readers.metering import MeteredConnection, Usage
from tests.fixtures.scripted import ScriptedConnection


def test_it_counts_what_goes_over_the_wire() -> None:
    ticks = itertools.count()
    inner = ScriptedConnection(("00A40400", "AABB 9000"), ("0020008001FF", "63C2"), contactless=True)
    metered = MeteredConnection(inner, clock=lambda: float(next(ticks)))
    assert metered.transmit(bytes.fromhex("00A40400")) == bytes.fromhex("AABB9000")
    before = metered.usage
    metered.transmit(bytes.fromhex("0020008001FF"))
    assert metered.usage - before == Usage(apdus=1, bytes_sent=6, bytes_received=2, seconds=1.0)
    assert (metered.apdus, metered.bytes_sent, metered.bytes_received, metered.seconds) == (2, 10, 6, 2.0)
    assert (metered.contactless, metered.atr) == (inner.contactless, inner.atr)


def test_a_command_that_fails_was_sent() -> None:
    metered = MeteredConnection(ScriptedConnection(("00A40400", CardRemoved("gone"))))
    with pytest.raises(CardRemoved):
        metered.transmit(bytes.fromhex("00A40400"))
    assert (metered.apdus, metered.bytes_sent, metered.bytes_received) == (1, 4, 0)


def test_transactions_and_the_end_are_the_inner_ones() -> None:
    inner = ScriptedConnection()
    metered = MeteredConnection(inner)
    with metered.transaction():
        assert inner.in_transaction
    metered.close()
    with pytest.raises(AssertionError, match="reset"):
        metered.reset()
