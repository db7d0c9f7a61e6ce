"""Texts in the three languages of the screens."""

from __future__ import annotations

from cardsvc.wire.manifest import Language, Texts


def texts(en: str, zh_hans: str, pt: str) -> Texts:
    """One text in all three languages: leaving one out is a type error."""
    return {Language.ENGLISH: en, Language.CHINESE: zh_hans, Language.PORTUGUESE: pt}


def same(text: str) -> Texts:
    """What reads alike in every language: figures, names."""
    return texts(text, text, text)
