"""Texts in the three languages of the city's screens."""

from __future__ import annotations

from cardsvc.wire.manifest import Language, Texts


def texts(en: str, zh_hans: str, pt: str) -> Texts:
    """One text in all three languages: leaving one out is a type error."""
    return {Language.ENGLISH: en, Language.CHINESE: zh_hans, Language.PORTUGUESE: pt}
