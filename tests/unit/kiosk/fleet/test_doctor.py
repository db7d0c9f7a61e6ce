"""What answers in the place of a kiosk or its service is something else: that is found out, and nothing breaks."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import httpx
import pytest

from kiosk.fleet import doctor
from kiosk.fleet.doctor import Examined, examine


@pytest.fixture
def page(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Somebody else's."""

    def get(url: str, **_: object) -> httpx.Response:
        return httpx.Response(200, text="<!DOCTYPE html><p>It works!</p>\n", request=httpx.Request("GET", url))

    with monkeypatch.context() as patch:
        patch.setattr(httpx, "get", get)
        yield


@pytest.mark.usefixtures("page")
def test_another_program_at_the_port_is_no_kiosk(tmp_path: Path) -> None:
    found = {finding.about: finding.found for finding in examine(Examined(tmp_path, port=8799))}
    assert found["process"] == "no kiosk answers at port 8799"


@pytest.mark.parametrize("told", [None, "", "yesterday", "Sun, 29 Nov 2026 02:00:00 -0000"])
def test_a_time_that_is_none_is_not_told(told: str | None) -> None:
    found = doctor._examine_clock(told, datetime(2026, 11, 29, tzinfo=UTC))
    assert found.found == "the service does not tell the time"
