"""``readers --trace``."""

from __future__ import annotations

import os
from typing import Annotated

import typer

from readers.trace import STANDARD_ERROR, TRACE_VARIABLE


def trace_option(
    *,
    trace: Annotated[
        bool, typer.Option("--trace", help="Show each APDU on standard error; secrets and personal data are left out.")
    ] = False,
) -> None:
    """Look at card readers and PIV cards."""
    if trace:
        os.environ[TRACE_VARIABLE] = STANDARD_ERROR
