"""What commands share: options, settings, the database, and how a result is told."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Any, Final, TypeVar

import typer
from pydantic import ValidationError
from rich.console import Console
from sqlalchemy import Engine
from sqlalchemy.exc import OperationalError, SQLAlchemyError
from sqlalchemy.orm import Session

import cardsvc.models  # noqa: F401 (foreign keys are looked up by name, so every table must be known)
from cardsvc import schema
from cardsvc.db import create_database_engine, session_factory, transaction
from cardsvc.reporting import CommandRefused, print_json
from cardsvc.settings import Settings
from cardsvc.wire.base import Message

console: Final = Console()

M = TypeVar("M", bound=Message)

JsonOption = Annotated[bool, typer.Option("--json", help="For programs.")]
JwkOption = Annotated[Path, typer.Option("--jwk", help="File with the public JWK, as `cardsvc keygen` prints it.")]


def read_settings() -> Settings:
    try:
        return Settings()
    except ValidationError as error:
        wrong = "; ".join(f"CARDSVC_{'_'.join(map(str, e['loc'])).upper()}: {e['msg']}" for e in error.errors())
        raise CommandRefused(f"The settings are wrong: {wrong}") from None


@contextmanager
def open_database(settings: Settings | None = None) -> Iterator[Engine]:
    with database_troubles():
        engine = create_database_engine((settings or read_settings()).database_url)
        try:
            yield engine
        finally:
            engine.dispose()


@contextmanager
def database_troubles() -> Iterator[None]:
    try:
        yield
    except SQLAlchemyError as error:
        # Of the driver's words only those about the connection: others may quote what is in the database.
        why = str(error.orig).splitlines()[0] if isinstance(error, OperationalError) else type(error).__name__
        raise CommandRefused(
            f"The database does not work: {why}. Is CARDSVC_DATABASE_URL right? `cardsvc init` makes a new one."
        ) from None


@contextmanager
def open_session() -> Iterator[Session]:
    with open_database() as engine:
        require_current(engine)
        with transaction(session_factory(engine)) as session:
            yield session


def require_current(engine: Engine) -> None:
    if schema.revision_of(engine) != schema.newest_revision():
        raise CommandRefused("The database is not in the shape that this version needs: run `cardsvc migrate`.")


def read_json(path: Path) -> dict[str, Any]:
    try:
        document = json.loads(path.read_bytes())
    except ValueError:
        document = None
    if not isinstance(document, dict):
        raise CommandRefused(f"{path} is not a JSON object.")
    return document


def checked(kind: type[M], **members: Any) -> M:
    try:
        return kind.model_validate(members)
    except ValidationError as error:
        wrong = ", ".join(str(fault["loc"][0]) for fault in error.errors())
        raise CommandRefused(f"These options cannot be used as they are: {wrong}.") from None


def report(for_programs: dict[str, Any], for_people: str, as_json: bool) -> None:
    if as_json:
        print_json(for_programs)
    else:
        console.print(for_people)
