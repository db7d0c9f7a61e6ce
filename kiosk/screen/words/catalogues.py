"""Reads the words: English from `en.toml`, the other languages from gettext catalogues (`*.po`) of the same texts.

A text has a key, which is its context (``msgctxt``) in the catalogues: the same English may be said in two ways. The
catalogues are read as they are; nothing has to be compiled, so nothing can be forgotten.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator
from importlib.resources import files
from typing import IO, Any, Final

from babel.messages.catalog import Catalog
from babel.messages.pofile import read_po

from cardsvc.wire.manifest import Language

SOURCE: Final = files(__package__) / "en.toml"
_COMMENT: Final = re.compile(r"#\s*(.*)")


def english() -> dict[str, Any]:
    """The words as they were written: groups of texts."""
    return tomllib.loads(SOURCE.read_text(encoding="utf-8"))


def words_of(language: Language) -> dict[str, Any]:
    """The same groups in a language; a text that is not translated yet stays English."""
    if language is Language.ENGLISH:
        return english()
    return _translated(english(), catalogue_of(language))


def catalogue_of(language: Language) -> Catalog:
    """The catalogue that translators write."""
    name = language.value.replace("-", "_")
    with (files(__package__) / f"{name}.po").open("rb") as file:
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
