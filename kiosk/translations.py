"""The words of our screens: English from an `en.toml`, other languages from gettext catalogues (`*.po`) beside it.

A text has a key, which is its context (``msgctxt``) in the catalogues: the same English may be said in two ways. The
catalogues are read as they are; nothing has to be compiled, so nothing can be forgotten.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.resources import files
from importlib.resources.abc import Traversable
from typing import IO, Any, Final, Self

from babel.messages.catalog import Catalog
from babel.messages.pofile import read_po

from cardsvc.wire.manifest import Language

_COMMENT: Final = re.compile(r"#\s*(.*)")


@dataclass(frozen=True, slots=True)
class Catalogues:
    """The words of one program, in a folder of its own."""

    folder: Traversable

    @classmethod
    def of(cls, package: str) -> Self:
        """Those in a package."""
        return cls(files(package))

    @property
    def source(self) -> Traversable:
        """What is written in English."""
        return self.folder / "en.toml"

    def english(self) -> dict[str, Any]:
        """The words as they were written: groups of texts."""
        return tomllib.loads(self.source.read_text(encoding="utf-8"))

    def words_of(self, language: Language) -> dict[str, Any]:
        """The same groups in a language; a text that is not translated yet stays English."""
        if language is Language.ENGLISH:
            return self.english()
        return _translated(self.english(), self.catalogue_of(language))

    def catalogue_of(self, language: Language) -> Catalog:
        """The catalogue that translators write."""
        name = language.value.replace("-", "_")
        with (self.folder / f"{name}.po").open("rb") as file:
            return read_po(file, locale=name)


def _translated(words: dict[str, Any], catalogue: Catalog, path: str = "") -> dict[str, Any]:
    said: dict[str, Any] = {}
    for key, text in words.items():
        context = f"{path}/{key}" if path else key
        if isinstance(text, dict):
            said[key] = _translated(text, catalogue, context)
        else:
            found = catalogue.get(text, context)
            said[key] = found.string if found and found.string and not found.fuzzy else text
    return said


def extract(file: IO[bytes], *_: object, **_options: object) -> Iterator[tuple[int, str, tuple[str, str], list[str]]]:
    """What `pybabel extract` finds in `en.toml`: line, context and text, and the comments right above it."""
    group: tuple[str, ...] = ()
    comments: list[str] = []
    for number, line in enumerate(file.read().decode().splitlines(), 1):
        if comment := _COMMENT.fullmatch(line):
            comments.append(comment[1])
            continue
        if line.startswith("["):
            group = _only(tomllib.loads(line))[0]
        elif line:
            key, text = _only(tomllib.loads(line))
            yield number, "pgettext", ("/".join((*group, *key)), text), comments
        comments = []


def _only(table: dict[str, Any]) -> tuple[tuple[str, ...], str]:
    """The path to the one thing in a table of tables, and the thing."""
    path: list[str] = []
    inner: Any = table
    while isinstance(inner, dict) and inner:
        ((key, inner),) = inner.items()
        path.append(key)
    return tuple(path), inner
