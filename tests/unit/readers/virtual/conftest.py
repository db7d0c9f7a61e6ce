"""Cards are closed when a test ends."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.fixtures import apdus


@pytest.fixture(autouse=True)
def _close_cards() -> Iterator[None]:
    yield
    apdus.close_all()
