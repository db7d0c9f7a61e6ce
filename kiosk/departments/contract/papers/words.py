"""Words on papers stand in all languages side by side: whoever gave one out does not know who will read it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from cardsvc.wire.manifest import Language

ORDER: Final = (Language.CHINESE, Language.PORTUGUESE, Language.ENGLISH)
"""The city's official languages first."""


def joined(said: Mapping[Language, str] | Mapping[str, str]) -> str:
    """One text in all languages, in a line."""
    words: Mapping[str, str] = {str(language): text for language, text in said.items()}
    return " · ".join(dict.fromkeys(words[language] for language in ORDER if language in words))
