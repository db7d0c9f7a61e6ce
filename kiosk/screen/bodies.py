"""What the screen's pages post. What is entered is never quoted in an error."""

from __future__ import annotations

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from cardsvc.wire.base import Code
from cardsvc.wire.manifest import Language


class Body(BaseModel):
    """Base of all."""

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)


class Nothing(Body):
    """An empty object."""


class Choice(Body):
    """A service."""

    department: Code
    service: Code


class EnteredPin(Body):
    """A PIN. It goes to the card and nowhere else."""

    pin: Annotated[str, StringConstraints(pattern=r"^[0-9]{6,8}$")] = Field(repr=False)


class EnteredForm(Body):
    """A form: text, number or yes/no by field name."""

    values: dict[Annotated[str, StringConstraints(max_length=64)], str | bool | int | None] = Field(repr=False)


class PressedAction(Body):
    """The button beside a line of what came of a service."""

    line: Annotated[int, Field(ge=0, le=1000)]


class Agreed(Body):
    """The document that the page showed when "sign" was pressed."""

    sha256: Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{64}$")]


class ChosenLanguage(Body):
    """A language."""

    language: Language
