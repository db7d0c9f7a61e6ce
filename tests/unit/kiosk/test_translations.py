"""The translators' catalogues: in step with the English words, complete, and gettext's as everybody knows it."""

from __future__ import annotations

import gettext
import io
import subprocess
import sys
from functools import reduce
from operator import getitem
from pathlib import Path
from typing import Any

import pytest
from babel.messages.catalog import Catalog
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po

from cardsvc.wire.manifest import Language
from kiosk import translations
from kiosk.desk import words as desk
from kiosk.screen import words as screen
from kiosk.translations import Catalogues

TRANSLATED = [Language.CHINESE, Language.PORTUGUESE]
HOW = "Texts are written in the en.toml of the folder; run `make words`, then translate what is new in the *.po there"
BOTH = pytest.mark.parametrize("catalogues", [screen.CATALOGUES, desk.CATALOGUES], ids=["screen", "desk"])


def folder_of(catalogues: Catalogues) -> Path:
    assert isinstance(catalogues.folder, Path)
    return catalogues.folder


def source(catalogues: Catalogues) -> dict[tuple[str, str], list[str]]:
    """Context and text of every word, with the comments for translators."""
    with catalogues.source.open("rb") as file:
        return {ids: comments for _, _, ids, comments in translations.extract(file)}


def entries(catalogue: Catalog) -> dict[tuple[str, str], str]:
    return {(str(entry.context), str(entry.id)): str(entry.string) for entry in catalogue if entry.id}


@BOTH
def test_every_language_of_the_city_has_a_catalogue_and_there_is_no_other(catalogues: Catalogues) -> None:
    folder = folder_of(catalogues)
    assert {file.stem for file in folder.glob("*.po")} == {language.value.replace("-", "_") for language in TRANSLATED}
    assert not list(folder.glob("*.json")), HOW


@BOTH
@pytest.mark.parametrize("language", TRANSLATED)
def test_a_catalogue_has_all_texts_and_no_others_each_translated_and_looked_at(
    catalogues: Catalogues, language: Language
) -> None:
    catalogue = catalogues.catalogue_of(language)
    said = entries(catalogue)
    assert said.keys() == source(catalogues).keys(), HOW
    assert [ids for ids, text in said.items() if not text.strip()] == [], HOW
    assert [entry.context for entry in catalogue if entry.id and entry.fuzzy] == [], "look at it, and take `fuzzy` away"
    assert list(catalogue.obsolete) == []


@BOTH
@pytest.mark.parametrize("language", TRANSLATED)
def test_translators_see_the_comments(catalogues: Catalogues, language: Language) -> None:
    catalogue = catalogues.catalogue_of(language)
    told = {(entry.context, entry.id): " ".join(entry.auto_comments) for entry in catalogue if entry.id}
    assert told == {ids: " ".join(comments) for ids, comments in source(catalogues).items()}, HOW
    assert any(told.values())


@BOTH
@pytest.mark.parametrize("language", TRANSLATED)
def test_pythons_own_gettext_says_the_same(catalogues: Catalogues, language: Language) -> None:
    compiled = io.BytesIO()
    write_mo(compiled, catalogues.catalogue_of(language))
    compiled.seek(0)
    pythons = gettext.GNUTranslations(compiled)
    for (context, text), said in entries(catalogues.catalogue_of(language)).items():
        assert pythons.pgettext(context, text) == said
    words: Any = catalogues.words_of(language)
    for context, text in source(catalogues):
        assert reduce(getitem, context.split("/"), words) == pythons.pgettext(context, text)


def test_what_is_not_translated_or_only_guessed_is_said_in_english() -> None:
    po = b"""
msgctxt "common/back"
msgid "Back"
msgstr "Voltar"

#, fuzzy
msgctxt "common/finish"
msgid "Finish"
msgstr "Terminar sessao"

msgctxt "common/seconds"
msgid "seconds left"
msgstr ""
"""
    words = {"common": {"back": "Back", "finish": "Finish", "seconds": "seconds left", "city": "Citizen services"}}
    assert translations._translated(words, read_po(io.BytesIO(po)))["common"] == words["common"] | {"back": "Voltar"}


def test_pybabel_extracts_and_updates_a_catalogue(tmp_path: Path) -> None:
    catalogues, folder = screen.CATALOGUES, folder_of(screen.CATALOGUES)

    def pybabel(*arguments: str) -> None:
        subprocess.run([sys.executable, "-m", "babel.messages.frontend", "-q", *arguments], check=True, cwd=folder)

    template, catalogue = tmp_path / "words.pot", tmp_path / "pt.po"
    pybabel("extract", "-F", "babel.cfg", "--no-location", "-o", str(template), ".")
    with template.open("rb") as file:
        assert entries(read_po(file)).keys() == source(catalogues).keys()
    text = (folder / "pt.po").read_text().replace('msgid "Finish"', 'msgid "Finish it"')
    catalogue.write_text(text)
    pybabel("update", "-i", str(template), "-o", str(catalogue), "-l", "pt")
    with catalogue.open("rb") as file:
        updated = read_po(file)
    assert entries(updated).keys() == source(catalogues).keys()
    assert [entry.context for entry in updated if entry.id and entry.fuzzy] == ["common/finish"]
