"""Writing a draft down: the very text that the citizen reads on the screen, and signs."""

from __future__ import annotations

from datetime import datetime
from typing import Final

from cardsvc.wire.manifest import Language, OutcomeField, Texts, text_in
from kiosk.departments.contract.clock import CITY_TIME
from kiosk.departments.contract.declaration import Draft
from kiosk.departments.contract.texts import texts

MEDIA_TYPE: Final = "text/plain"
"""In UTF-8: every screen shows it alike, and so does whoever reads it years later."""
LARGEST: Final = 24 * 1024
"""Bytes: the request that brings it back, signed, must be small enough."""

_RECEIPT: Final = texts("Receipt number", "回执编号", "Número do recibo")
_WRITTEN: Final = texts("Written at", "文件时间", "Escrito em")
_BETWEEN: Final = {Language.ENGLISH: ": ", Language.CHINESE: "：", Language.PORTUGUESE: ": "}


def write(draft: Draft, issuer: Texts, receipt: str, now: datetime, language: Language) -> bytes:
    """The document. The receipt number makes each one different from all others."""
    at = now.astimezone(CITY_TIME).strftime("%Y-%m-%d %H:%M")
    lines = (
        *draft.lines,
        OutcomeField(label=_RECEIPT, value=receipt),
        OutcomeField(label=_WRITTEN, value=at),
    )
    document = "\n".join(
        (
            text_in(issuer, language),
            text_in(draft.title, language),
            "",
            text_in(draft.statement, language),
            "",
            *(_line(line, language) for line in lines),
            "",
        )
    ).encode()
    if len(document) > LARGEST:
        raise ValueError("the document is too long")
    return document


def _line(line: OutcomeField, language: Language) -> str:
    value = line.value if isinstance(line.value, str) else text_in(line.value, language)
    # Indented, so that nothing that somebody enters can pass for a line of the department's.
    return text_in(line.label, language) + _BETWEEN[language] + "\n    ".join(value.splitlines())
