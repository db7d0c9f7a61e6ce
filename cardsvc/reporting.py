"""How commands say what they did, and what went wrong."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Final, NoReturn

import typer
from rich.console import Console
from rich.markup import escape

from cardsvc.errors import ServiceError
from cardsvc.trust.keystore import KeystoreError

_complaints: Final = Console(stderr=True)


class CommandRefused(Exception):
    """Raised when a command cannot be carried out, with the sentence that says why."""


@contextmanager
def reporting() -> Iterator[None]:
    """What goes wrong becomes one sentence on standard error, and exit status 1."""
    try:
        yield
    except ServiceError as error:
        _complain(error.detail)
    except (CommandRefused, KeystoreError, ValueError) as error:
        _complain(str(error))
    except OSError as error:
        _complain(f"{error.strerror or error}: {error.filename}" if error.filename else str(error))


def _complain(sentence: str) -> NoReturn:
    _complaints.print(f"[bold red]cardsvc:[/] {escape(sentence)}", soft_wrap=True)
    raise typer.Exit(1)


def print_json(document: Any) -> None:
    """For programs."""
    print(json.dumps(document, indent=2, ensure_ascii=False))  # noqa: T201 (what a program reads)
