"""What is wrong with a request that is not as the OpenAPI document says: which member, why, and what to do.

Never what was in it: that may be a name, or a secret. So no text of a library is passed on, which may quote it; and of
what pydantic knows of an error, only what comes from our own schemas.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, Final

from cardsvc.wire.base import LINE, LINES

DETAIL: Final = (
    "Nothing was done. Each of `errors` says which member is wrong, why, and what to do: mend it, and send the request"
    " again."
)
UNREADABLE: Final = "Nothing was done: the body could not be read. Send all of it, as the OpenAPI document says."
OTHERWISE: Final = "It is not as the OpenAPI document says: look there at what it takes."

_TEXT, _OBJECT = "Write a text (a JSON string).", "Write a JSON object, and say so: Content-Type: application/json."
_NUMBER, _ARRAY = "Write a whole number, without quotes in JSON.", "Write a JSON array."
_UUID: Final = "Write a UUID, as in 019ac9a4-3d10-7c55-8b1e-0f6a2d4c9e71."
_DAY: Final = "Write a day that there is, as in 2026-11-27."
_TIME: Final = "Write a point in time with its offset, as in 2026-11-27T09:30:00Z."
_JSON: Final = "The body is not JSON (RFC 8259): write it with a JSON library."
_TRUTH: Final = "Write true or false, without quotes in JSON."

BY_KIND: Final[Mapping[str, str]] = MappingProxyType(
    {
        "missing": "It is missing: put it in.",
        "extra_forbidden": "Nothing of this name is taken here: leave it out, or look at its spelling.",
        "string_type": _TEXT,
        "bytes_type": _TEXT,
        "string_unicode": "It is not Unicode: write the text in UTF-8.",
        "string_too_short": "It is too short: write at least {min_length} characters.",
        "string_too_long": "It is too long: write at most {max_length} characters.",
        "string_pattern_mismatch": "It has another form: write what this regular expression fits, {pattern}",
        "enum": "It is none of the values that there are: take {expected}.",
        "literal_error": "It is none of the values that there are: take {expected}.",
        "int_type": _NUMBER,
        "int_parsing": _NUMBER,
        "int_parsing_size": _NUMBER,
        "int_from_float": _NUMBER,
        "float_type": "Write a number, without quotes in JSON.",
        "float_parsing": "Write a number, without quotes in JSON.",
        "finite_number": "Write a number that is finite.",
        "bool_type": _TRUTH,
        "bool_parsing": _TRUTH,
        "greater_than_equal": "It is too small: take {ge} or more.",
        "less_than_equal": "It is too large: take {le} or less.",
        "too_short": "There are too few: give at least {min_length}.",
        "too_long": "There are too many: give at most {max_length}.",
        "uuid_type": _UUID,
        "uuid_parsing": _UUID,
        "date_type": _DAY,
        "date_parsing": _DAY,
        "date_from_datetime_parsing": _DAY,
        "date_from_datetime_inexact": _DAY,
        "datetime_type": _TIME,
        "datetime_parsing": _TIME,
        "datetime_from_date_parsing": _TIME,
        "datetime_object_invalid": _TIME,
        "timezone_aware": "It has no offset from UTC: put one behind it, as in 2026-11-27T09:30:00Z.",
        "model_type": _OBJECT,
        "model_attributes_type": _OBJECT,
        "dict_type": _OBJECT,
        "list_type": _ARRAY,
        "tuple_type": _ARRAY,
        "set_type": _ARRAY,
        "frozen_set_type": _ARRAY,
        "json_invalid": _JSON,
        "json_type": _JSON,
        "union_tag_not_found": "Say of which kind it is: put in {discriminator}.",
        "union_tag_invalid": "There is no such kind: for {discriminator} take one of {expected_tags}.",
    }
)
"""By what pydantic calls the error. In braces: what it knows of it from the schema."""
BY_PATTERN: Final[Mapping[str, str]] = MappingProxyType(
    {
        LINE: "Write one line that is not blank, without control characters.",
        LINES: "Write a text that is not blank, without NUL.",
    }
)
"""Regular expressions that say less than a sentence."""
BY_RULE: Final[Mapping[str, str]] = MappingProxyType(
    {
        "not base64url without padding": "Write base64url without padding (RFC 7515 §2), with no bits left over.",
        "too short or too long": "It has another number of bytes than is taken: the OpenAPI document says how many.",
        "not a date": _DAY,
        "give a department or a level": "Give `department` or `level`: one of them, not both.",
        "give a person or the id of a citizen": "Give `person` or `citizen_id`: one of them, not both.",
        "only a first card is for somebody new": "Only a first card is for somebody new: give `citizen_id` instead.",
        "a replacement has a cause, and nothing else has": "Give `cause` for a replacement, and for nothing else.",
        "give a proof or a document": "Give `proof` or `document_id`: one of them, not both.",
        "give a citizen or a document number": "Give `citizen_id` or `document_number`: one of them, not both.",
        "give a name, a document number or a card number": (
            "Give one of `name`, `document_number` and `card_number`, and no other."
        ),
        "name every department once": "A department is named twice: name every department once.",
        "an address speaks for one department": "Two departments have the same `base_url`: give each its own.",
        "name everybody once": "Somebody is named twice: name everybody once.",
        "ask about everybody once": "Somebody is asked about twice: ask about everybody once.",
        "only what was asked can be answered right": "Among the right answers there is one to nothing that was asked.",
    }
)
"""Rules of our own messages (`cardsvc.wire`), by what the error says."""


def fault(error: Mapping[str, Any]) -> dict[str, str]:
    """Where a request is wrong (``in``, and an RFC 6901 pointer), why (``reason``), and in words with what to do."""
    place, *path = error["loc"]
    pointer = "".join("/" + str(part).replace("~", "~0").replace("/", "~1") for part in path)
    return {"in": str(place), "pointer": pointer, "reason": error["type"], "detail": _words(error)}


def _words(error: Mapping[str, Any]) -> str:
    known = error.get("ctx") or {}
    if error["type"] == "value_error":
        return BY_RULE.get(str(known.get("error")), OTHERWISE)
    if known.get("pattern") in BY_PATTERN:
        return BY_PATTERN[known["pattern"]]
    return BY_KIND.get(error["type"], OTHERWISE).format_map(known)
