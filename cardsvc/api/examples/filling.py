"""Puts an example together from a schema."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from cardsvc.api.examples.models import LEFT_OUT, MEMBERS
from cardsvc.api.examples.words import WORDS

Schema = Mapping[str, Any]

_PLACE: Final = "#/components/schemas/"


class NoExample(LookupError):
    """Raised for a member of which nobody said what it looks like."""

    def __init__(self, model: str, member: str) -> None:
        super().__init__(f"say in cardsvc/api/examples what {member} of {model} looks like")


@dataclass(frozen=True, slots=True)
class Examples:
    """Examples of these schemas."""

    schemas: Mapping[str, Schema]
    """By name."""

    def of(self, schema: Schema, model: str, member: str = "") -> Any:
        """A value that fits: what is said of this member of the model, or else what follows from the schema."""
        for table, key in ((MEMBERS, f"{model}.{member}"), (WORDS, member)):
            if key in table:
                return table[key]
        if "$ref" in schema:
            name = str(schema["$ref"]).removeprefix(_PLACE)
            return self.of(self.schemas[name], name)
        return self._built(schema, model, member)

    def _built(self, schema: Schema, model: str, member: str) -> Any:
        if "properties" in schema:
            return self._object(schema["properties"], model)
        if "items" in schema:
            return [self.of(schema["items"], model, member)]
        if "enum" in schema:
            return schema["enum"][0]
        for choice in schema.get("anyOf", ()):
            return self.of(choice, model, member)
        raise NoExample(model, member)

    def _object(self, members: Mapping[str, Schema], model: str) -> dict[str, Any]:
        left_out = LEFT_OUT.get(model, frozenset())
        return {name: self.of(schema, model, name) for name, schema in members.items() if name not in left_out}
