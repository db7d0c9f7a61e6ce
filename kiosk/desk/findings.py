"""What is wrong with a finished card that does not conform, in words."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Final

_BY_THEMSELVES: Final = frozenset(
    {"pin-tries", "transport-pin", "reading", "puk", "management-key", "factory-management-key"}
)
_KEY: Final = "key-"


def in_words(findings: Iterable[str], words: Mapping[str, str]) -> list[str]:
    """A sentence for each; ``words`` are those of the group ``issuing.findings``."""
    return [_sentence(finding, words) for finding in findings]


def _sentence(finding: str, words: Mapping[str, str]) -> str:
    check, colon, where = finding.partition(":")
    if finding in _BY_THEMSELVES:
        return words[finding]
    if colon:
        return words["check"].format(check, where)
    if finding.startswith(_KEY):
        return words["key"].format(finding.removeprefix(_KEY).upper())
    return words["object"].format(finding)
