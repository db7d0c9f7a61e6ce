"""A department needs of `cardsvc` only `client` and `wire`, and has every call typed."""

from __future__ import annotations

import inspect
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any, get_type_hints

import pytest

import cardsvc.client
from cardsvc.client import AssertionVerifier, EvidenceVerifier, ServiceClient, SignatureVerifier, WebhookVerifier

CARDSVC = Path(cardsvc.client.__file__).parents[1]
SHOW = "import sys, cardsvc.client; print(*sorted({name.split('.')[0] for name in sys.modules}))"
HEAVY = {"alembic", "fastapi", "kiosk", "readers", "sqlalchemy", "starlette", "uvicorn"}


def test_the_client_works_where_nothing_else_of_the_service_is(tmp_path: Path) -> None:
    for part in ("__init__.py", "py.typed", "client", "wire"):
        copy = shutil.copytree if (CARDSVC / part).is_dir() else shutil.copy
        (tmp_path / "cardsvc").mkdir(exist_ok=True)
        copy(CARDSVC / part, tmp_path / "cardsvc" / part)
    # The working directory comes first on the path, so this is the copy, and not what is installed.
    done = subprocess.run((sys.executable, "-c", SHOW), cwd=tmp_path, capture_output=True, text=True, check=True)
    loaded = set(done.stdout.split())
    assert "cardsvc" in loaded
    assert loaded & HEAVY == set()


def calls(kind: type[Any]) -> Iterator[tuple[str, Any]]:
    return ((name, call) for name, call in inspect.getmembers(kind, inspect.isfunction) if not name.startswith("_"))


@pytest.mark.parametrize(
    "kind", [ServiceClient, AssertionVerifier, EvidenceVerifier, SignatureVerifier, WebhookVerifier]
)
def test_every_call_is_typed_and_described(kind: type[Any]) -> None:
    found = dict(calls(kind))
    assert found
    for name, call in found.items():
        hints = get_type_hints(call)
        assert {*inspect.signature(call).parameters, "return"} - {"self"} == set(hints), name
        assert inspect.getdoc(call), name


def test_the_marker_that_says_so_is_there() -> None:
    assert (CARDSVC / "py.typed").exists()


def test_what_the_client_offers_is_there() -> None:
    assert [name for name in cardsvc.client.__all__ if not hasattr(cardsvc.client, name)] == []
