"""PC/SC without PC/SC."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from readers.pcsc import connection, context
from tests.fixtures.fake_scard import FakeScard, Slot


@pytest.fixture
def scard(monkeypatch: pytest.MonkeyPatch) -> Iterator[FakeScard]:
    """Two empty readers."""
    fake = FakeScard({"Virtual PCD 00 00": Slot(), "Virtual PCD 00 01": Slot()})
    monkeypatch.setattr(context, "scard", fake)
    monkeypatch.setattr(connection, "_BACK_OFF", (0.0, 0.0))
    monkeypatch.setattr(connection, "_REMOVAL_NOTICED", 0.02)
    yield fake
    assert not fake.open_contexts, "a PC/SC context was left open"
