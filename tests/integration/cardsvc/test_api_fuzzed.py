"""A short look at the whole API by schemathesis, the same every time; `make fuzz-api` is the long one."""

from __future__ import annotations

from pathlib import Path
from typing import Final

import pytest

from cardsvc.app import describe_api
from tests.fixtures.proofs import BASE_URL
from tests.fuzz.api.running import look
from tests.fuzz.api.world import standing

SAME: Final = ("--phases", "examples,fuzzing", "--seed", "1", "--generation-deterministic")
OPERATIONS = sum(len(methods) for methods in describe_api(BASE_URL)["paths"].values())


@pytest.mark.parametrize("credentials", [True, False], ids=["with credentials", "without"])
def test_the_service_does_as_the_document_says(tmp_path: Path, *, credentials: bool) -> None:
    """Where this fails, the log names the request; either the service is wrong or what the document says of it."""
    with standing(tmp_path, f"sqlite:///{tmp_path / 'cards.db'}") as world:
        outcome = look(world, tmp_path / "st", (*SAME, "-n", "3" if credentials else "1"), credentials=credentials)

    assert not outcome.found, outcome.log
    assert outcome.operations == OPERATIONS - 1  # it does not try the document that it reads
    assert outcome.cases >= OPERATIONS - 1
