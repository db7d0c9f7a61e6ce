"""What officers chose for a desk's window: language, colours, size. Kept in the desk's folder for the next start."""

from __future__ import annotations

import secrets
from contextlib import suppress
from pathlib import Path
from typing import Annotated, Final

import structlog
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from cardsvc.wire.manifest import Language
from kiosk.desk.colours import Theme

_log = structlog.get_logger()

FILE: Final = "window.json"


class Preferences(BaseModel):
    """Nothing of it is about anybody."""

    model_config = ConfigDict(frozen=True)

    language: Language = Language.ENGLISH
    theme: Theme = Theme.SYSTEM
    size: Annotated[int, Field(ge=100, le=200)] = 100
    """Per cent."""


def preferences_in(folder: Path) -> Preferences:
    """What was chosen last; as it is in the beginning where nothing was, or the file is broken."""
    try:
        return Preferences.model_validate_json((folder / FILE).read_bytes())
    except FileNotFoundError:
        return Preferences()
    except (OSError, ValidationError) as error:
        _log.warning("what was chosen for the window cannot be read", kind=type(error).__name__)
        return Preferences()


def keep(folder: Path, chosen: Preferences) -> None:
    """Whole or not at all. A disk that is full costs the choice, not the work at the desk."""
    fresh = folder / f".{FILE}.{secrets.token_hex(4)}"
    try:
        fresh.write_text(chosen.model_dump_json() + "\n", encoding="utf-8")
        fresh.replace(folder / FILE)
    except OSError as error:
        _log.warning("what was chosen for the window cannot be kept", kind=type(error).__name__)
        with suppress(OSError):
            fresh.unlink(missing_ok=True)
