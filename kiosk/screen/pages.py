"""Draws views as HTML. All is escaped; nothing is inline, as the content security policy wants it."""

from __future__ import annotations

from typing import Final

from jinja2 import Environment, PackageLoader, StrictUndefined

from cardsvc.wire.manifest import Language
from kiosk.screen.view import View
from kiosk.screen.words import words_in
from kiosk.visit.screens import Mode

_TEMPLATES: Final = Environment(
    loader=PackageLoader("kiosk.screen"),
    autoescape=True,
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)
_LANGUAGES: Final = {language.value: words_in(language)["language"] for language in Language}
_MODES: Final = [mode.value for mode in Mode]


def page(view: View) -> str:
    """The whole page."""
    return _draw("page.html", view)


def fragment(view: View) -> str:
    """Only what changes from state to state."""
    return _draw("booth.html", view)


def _draw(template: str, view: View) -> str:
    words = words_in(Language(view["language"]))
    return _TEMPLATES.get_template(template).render(view=view, words=words, languages=_LANGUAGES, modes=_MODES)
