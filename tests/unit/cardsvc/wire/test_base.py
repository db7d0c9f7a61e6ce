"""What the messages' members take is what their JSON Schema says."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Any

import jsonschema_rs
import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from pydantic import StringConstraints, TypeAdapter, ValidationError

from cardsvc.wire.base import LINE, LINES, TRIMMED, Base64Url, Date, Octets, encode_base64url

# RFC 4648 §10, without the padding (§5, and RFC 7515 §2)
VECTORS = {
    b"": "",
    b"f": "Zg",
    b"fo": "Zm8",
    b"foo": "Zm9v",
    b"foob": "Zm9vYg",
    b"fooba": "Zm9vYmE",
    b"\xfb\xff": "-_8",
}
FEW = Annotated[Base64Url, Octets(3, 8)]
THREE = Annotated[Base64Url, Octets(32, 32)]
OneLine = Annotated[str, StringConstraints(max_length=6, pattern=LINE), TRIMMED]
ManyLines = Annotated[str, StringConstraints(max_length=6, pattern=LINES), TRIMMED]


def takes(kind: Any, value: object) -> bool:
    try:
        TypeAdapter(kind).validate_python(value)
    except ValidationError:
        return False
    return True


def allows(kind: Any, value: object) -> bool:
    return jsonschema_rs.Draft202012Validator(TypeAdapter(kind).json_schema(), validate_formats=True).is_valid(value)


@pytest.mark.parametrize("raw", VECTORS)
def test_bytes_have_one_text(raw: bytes) -> None:
    assert encode_base64url(raw) == VECTORS[raw]
    assert TypeAdapter(Base64Url).validate_python(VECTORS[raw]) == raw


@pytest.mark.parametrize(
    "text", ["Zg==", "Zg=", "Zh", "Zm9=", "Zm9", "Z", "Zm8\n", " Zm8", "Zm8 ", "+_8", "-/8", "Zm8\0", "Zmé", 7, None]
)
def test_no_other_text_is_taken_for_them(text: object) -> None:
    """A padded text, bits beyond the last byte, white space, another alphabet."""
    assert not takes(Base64Url, text)
    assert not allows(Base64Url, text)


@given(st.binary(max_size=40), st.sampled_from([Base64Url, FEW, THREE]))
def test_the_schema_counts_as_the_service_does(raw: bytes, kind: Any) -> None:
    text = encode_base64url(raw)

    assert takes(kind, text) is allows(kind, text)
    if kind is not Base64Url:
        assert takes(kind, text) is (3 <= len(raw) <= 8 if kind is FEW else len(raw) == 32)


@pytest.mark.parametrize("bounds", [(1, 8), (3, 9)])
def test_bounds_that_no_pattern_can_say_are_refused(bounds: tuple[int, int]) -> None:
    with pytest.raises(ValueError, match="bounds"):
        Octets(*bounds)


@pytest.mark.parametrize(("written", "good"), [("1990-02-03", True), ("1990-2-3", False), (0, False), ("0", False)])
def test_a_day_is_written_as_rfc_3339_has_it(written: object, good: bool) -> None:  # noqa: FBT001
    assert takes(Date, written) is allows(Date, written) is good


def test_a_day_is_a_day() -> None:
    assert TypeAdapter(Date).validate_python(date(1990, 2, 3)) == date(1990, 2, 3)
    assert not takes(Date, "1990-02-30")


@pytest.mark.parametrize("kind", [OneLine, ManyLines])
@given(st.text(max_size=8))
@example("\x85")
@example("\ufeff")
@example("\x85\na")
@example("\ufeff\na")
@example("\xa0\u2028\u3000")
def test_a_text_is_not_blank(kind: Any, text: str) -> None:
    assert takes(kind, text) is allows(kind, text)
    assert not takes(kind, text) or TypeAdapter(kind).validate_python(text) == text.strip() != ""
    assert not takes(kind, " \t")
    assert not takes(kind, "a\x00b")


def test_only_a_text_of_several_lines_has_them() -> None:
    assert (takes(OneLine, "a\nb"), takes(ManyLines, "a\nb")) == (False, True)
