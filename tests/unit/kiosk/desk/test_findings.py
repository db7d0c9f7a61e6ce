"""What is wrong with a finished card is said in sentences, whatever the service finds."""

from __future__ import annotations

import inspect
import re

import pytest

from cardsvc.issuance import inspection
from cardsvc.wire.manifest import Language
from kiosk.desk.findings import in_words
from kiosk.desk.words import words_in

FOUND_BY_NAME = set(re.findall(r'(?:expecting|require|append)\("([a-z-]+)"', inspect.getsource(inspection)))
"""The findings that the service writes out; those of keys, objects and checks it puts together."""


@pytest.mark.parametrize("language", list(Language))
def test_each_finding_of_the_service_has_a_sentence_of_its_own(language: Language) -> None:
    words = words_in(language)["issuing"]["findings"]
    assert {"pin-tries", "puk", "factory-management-key"} <= FOUND_BY_NAME
    for finding in FOUND_BY_NAME:
        assert in_words([finding], words) == [words[finding]]


def test_keys_objects_and_checks_are_named() -> None:
    words = words_in(Language.ENGLISH)["issuing"]["findings"]
    assert in_words(["key-9a", "printed-information", "signature-wrong:chuid"], words) == [
        "The key 9A does not sign.",
        "On the card is something else than was written: printed-information.",
        "The check signature-wrong failed at chuid.",
    ]
