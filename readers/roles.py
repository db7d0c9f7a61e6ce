"""Which reader is which: roles such as ``contact`` and ``contactless`` bound in a file to what does not change.

The file is TOML, a table for each role with one way to know its reader::

    [roles.contactless]
    serial = "51271624201234"     # printed by `readers list`

    [roles.contact]
    usb = "1-2.3"                 # bus and ports; readers without a serial
    slot = 0                      # where one device has several

    [roles.desk]
    name = "Virtual PCD 00 00"    # weak: the numbers are those of the order of plugging in
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Self

from readers.errors import AmbiguousReader, NoSuchReader

_WAYS: Final = ("serial", "usb", "name")
_SLOT_DIGITS: Final = 2


@dataclass(frozen=True, slots=True)
class Identity:
    """What tells one reader from another."""

    name: str
    """Full name as pcscd gives it; the last two digits are the slot."""
    serial: str | None = None
    usb: str | None = None
    """Port as Linux writes it: bus, and the port of each hub on the way."""

    @property
    def slot(self) -> int:
        """Which of the slots of its device."""
        digits = self.name[-_SLOT_DIGITS:]
        return int(digits, 16) if digits.isalnum() and all(digit in "0123456789ABCDEF" for digit in digits) else 0


class RolesInvalid(ValueError):
    """Raised when a file of roles cannot be understood; says where."""


@dataclass(frozen=True, slots=True)
class Binding:
    """How the reader of a role is known."""

    way: str
    """``serial``, ``usb`` or ``name``."""
    value: str
    slot: int | None = None

    @property
    def weak(self) -> bool:
        """Whether another reader can come to be meant: names count readers in the order of plugging in."""
        return self.way == "name"

    def fits(self, reader: Identity) -> bool:
        """Whether this reader is meant."""
        return getattr(reader, self.way) == self.value and self.slot in (None, reader.slot)

    def __str__(self) -> str:
        return f"{self.way} {self.value}" + ("" if self.slot is None else f" slot {self.slot}")

    @classmethod
    def from_table(cls, role: str, table: Any) -> Self:
        """Raises RolesInvalid."""
        ways = [way for way in _WAYS if isinstance(table, dict) and way in table]
        if len(ways) != 1 or set(table) - {*_WAYS, "slot"}:
            raise RolesInvalid(f"roles.{role}: one of {', '.join(_WAYS)} is wanted, and perhaps a slot")
        value, slot = table[ways[0]], table.get("slot")
        if not isinstance(value, str) or not value or not (slot is None or type(slot) is int):
            raise RolesInvalid(f"roles.{role}: {ways[0]} is a text, slot a number")
        return cls(ways[0], value, slot)


@dataclass(frozen=True, slots=True)
class Roles:
    """The roles of one file."""

    bindings: Mapping[str, Binding]

    @classmethod
    def load(cls, file: Path) -> Self:
        """Raises RolesInvalid, OSError."""
        try:
            document = tomllib.loads(file.read_text(encoding="utf-8"))
        except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
            raise RolesInvalid(f"{file.name}: {error}") from error
        tables = document.get("roles")
        if not isinstance(tables, dict) or set(document) != {"roles"}:
            raise RolesInvalid(f"{file.name}: tables [roles.NAME] and nothing else are wanted")
        return cls({role: Binding.from_table(role, table) for role, table in tables.items()})

    def binding(self, role: str) -> Binding:
        """How the reader of a role is known. Raises RolesInvalid when the role is in no table."""
        if role not in self.bindings:
            raise RolesInvalid(f"no reader is bound to the role {role}")
        return self.bindings[role]

    def reader_of(self, role: str, present: Iterable[Identity]) -> Identity:
        """The reader of a role. Raises NoSuchReader, AmbiguousReader, and what `binding` raises."""
        readers, binding = tuple(present), self.binding(role)
        found = [reader for reader in readers if binding.fits(reader)]
        if len(found) > 1:
            raise AmbiguousReader(str(binding), tuple(reader.name for reader in found))
        if not found:
            raise NoSuchReader(str(binding), tuple(reader.name for reader in readers))
        return found[0]

    def role_of(self, reader: Identity) -> tuple[str, bool] | None:
        """The role a reader has, and whether it is weakly bound."""
        return next(((role, binding.weak) for role, binding in self.bindings.items() if binding.fits(reader)), None)
