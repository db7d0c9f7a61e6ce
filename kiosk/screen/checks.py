"""What is about to be asked for, as plain data for the screen."""

from __future__ import annotations

from typing import Any

from kiosk.dates import day_in
from kiosk.forms import FieldKind, FormField
from kiosk.screen.outcomes import line_view
from kiosk.screen.words import Words
from kiosk.visit.screens import Check


def check_view(screen: Check, words: Words) -> dict[str, Any]:
    """What was filled in, in words; or the line whose button was pressed."""
    if screen.about is not None:
        about = line_view(screen.about, words)
        return {"action": about["action"], "lines": [{"label": about["label"], "value": about["value"]}]}
    values, form = screen.submission.values, screen.submission.offer.form
    return {
        "action": None,
        "lines": [
            {"label": words.texts(field.titles), "value": _said(field, values[field.name], words)}
            for field in form.fields
            if field.name in values
        ],
    }


def _said(field: FormField, value: Any, words: Words) -> str:
    if isinstance(value, bool):
        return str(words["form"]["yes" if value else "no"])
    if field.kind is FieldKind.DAY:
        return day_in(value, words.language)
    titles = next((choice.titles for choice in field.choices if choice.value == value), None)
    return str(value) if titles is None else words.texts(titles)
