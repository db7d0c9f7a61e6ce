"""What a citizen does at the screen."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from cardsvc.wire.manifest import Language
from kiosk.visit.screens import Mode
from readers.piv.pin import Pin


@dataclass(frozen=True, slots=True)
class DepartmentChosen:
    """Pressed a department."""

    department: str


@dataclass(frozen=True, slots=True)
class ServiceChosen:
    """Pressed a service."""

    department: str
    service: str


@dataclass(frozen=True, slots=True)
class PinEntered:
    """Entered the PIN."""

    pin: Pin


@dataclass(frozen=True, slots=True)
class PinForgotten:
    """Asked what to do without the PIN."""


@dataclass(frozen=True, slots=True)
class ActionChosen:
    """Pressed the button beside a line of an outcome: ``line`` counts from 0. ``key`` is fresh."""

    line: int
    key: UUID


@dataclass(frozen=True, slots=True)
class Checked:
    """Said yes to what is about to be asked for."""


@dataclass(frozen=True, slots=True)
class ConsentGiven:
    """Said yes to what the department will learn. ``key`` is fresh, for the attempt that may follow."""

    key: UUID


@dataclass(frozen=True, slots=True)
class FormSubmitted:
    """Filled in the form. ``key`` is fresh."""

    entered: dict[str, Any] = field(repr=False)
    key: UUID


@dataclass(frozen=True, slots=True)
class AgreedToSign:
    """Pressed "sign", having before them the document with this SHA-256 (hexadecimal)."""

    sha256: str


@dataclass(frozen=True, slots=True)
class WentBack:
    """Pressed "back"."""


@dataclass(frozen=True, slots=True)
class TriedAgain:
    """Pressed "try again"."""


@dataclass(frozen=True, slots=True)
class PrintWanted:
    """Pressed "print"."""


@dataclass(frozen=True, slots=True)
class Finished:
    """Pressed "finish"."""


@dataclass(frozen=True, slots=True)
class LanguageChosen:
    """Chose a language."""

    language: Language


@dataclass(frozen=True, slots=True)
class ModeSwitched:
    """Wants the screen another way, or not any more."""

    mode: Mode
    on: bool


@dataclass(frozen=True, slots=True)
class Touched:
    """Is still there."""


CitizenEvent = (
    DepartmentChosen
    | ServiceChosen
    | ActionChosen
    | Checked
    | PinEntered
    | PinForgotten
    | ConsentGiven
    | FormSubmitted
    | AgreedToSign
    | WentBack
    | TriedAgain
    | PrintWanted
    | Finished
    | LanguageChosen
    | ModeSwitched
    | Touched
)
