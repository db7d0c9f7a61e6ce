"""Nothing that a test prints comes out of a printer of this computer."""

from __future__ import annotations

import pytest

from tests.fixtures.printers import no_printer


@pytest.fixture(autouse=True)
def _no_printer(monkeypatch: pytest.MonkeyPatch) -> None:
    no_printer(monkeypatch)
