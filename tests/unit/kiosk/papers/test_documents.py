from __future__ import annotations

import io
import sys
from pathlib import Path

import pytest
from PIL import Image

from kiosk.papers import documents
from kiosk.papers.documents import NotDrawn, content_of, page_count, page_picture, to_take_along
from tests.fixtures.offers import outcome
from tests.fixtures.papers import document, pdf


def forms_within_forms(depth: int, times: int) -> bytes:
    """A small file that asks for ``times ** depth`` rectangles."""
    objects = [
        "<</Type/Catalog/Pages 2 0 R>>",
        "<</Type/Pages/Kids[3 0 R]/Count 1>>",
        "<</Type/Page/Parent 2 0 R/MediaBox[0 0 595 842]/Contents 4 0 R/Resources<</XObject<</F 5 0 R>>>>>>",
        "<</Length 5>>stream\n/F Do\nendstream",
    ]
    for level in range(depth):
        drawn = "/F Do " * times if level < depth - 1 else "0 0 500 500 re f "
        resources = f"/Resources<</XObject<</F {6 + level} 0 R>>>>" if level < depth - 1 else ""
        objects.append(
            f"<</Type/XObject/Subtype/Form/BBox[0 0 595 842]{resources}/Length {len(drawn)}>>stream\n{drawn}\nendstream"
        )
    body = "".join(f"{number} 0 obj\n{each}\nendobj\n" for number, each in enumerate(objects, 1))
    return f"%PDF-1.7\n{body}trailer<</Root 1 0 R>>\n%%EOF\n".encode()


def test_a_page_is_drawn_upright_and_in_its_own_proportions() -> None:
    picture = Image.open(io.BytesIO(page_picture(document(pdf(2)), 2))).convert("L")
    width, height = picture.size
    assert (width, round(height / width, 2)) == (1240, round(842 / 595, 2))
    assert (picture.getpixel((600, 10)), picture.getpixel((600, height - 10))) == (255, 0)


def test_a_long_strip_is_not_drawn_larger_than_memory_allows() -> None:
    picture = Image.open(io.BytesIO(page_picture(document(pdf(1, (10, 10000))), 1)))
    assert picture.size[1] <= 4 * 1240


@pytest.mark.parametrize("pages", [1, 1000])
def test_pages_are_counted(pages: int) -> None:
    assert page_count(document(pdf(pages))) == pages


@pytest.mark.parametrize(
    "content",
    [b"", b"no pdf", pdf(1)[:200], pdf(1, password="unknown")],
    ids=["empty", "something else", "cut off", "locked"],
)
def test_what_cannot_be_drawn_has_no_pages_and_the_receipt_is_taken_along(content: bytes) -> None:
    broken = document(content)
    assert page_count(broken) == 0
    given = outcome().model_copy(update={"document": broken})
    assert to_take_along(given, 0) is None
    assert to_take_along(given, 1) is broken
    with pytest.raises(NotDrawn) as failed:
        page_picture(broken, 1)
    assert failed.value.__cause__ is None


@pytest.mark.parametrize(
    "media_type",
    ["application/postscript", "application/octet-stream", "application/vnd.cups-raw", "text/html", "image/png"],
)
def test_what_a_printer_would_do_more_with_than_print_is_not_taken_along(media_type: str) -> None:
    program = document(b"%!PS {} loop").model_copy(update={"media_type": media_type})
    given = outcome().model_copy(update={"document": program})
    assert to_take_along(given, page_count(program)) is None
    text = program.model_copy(update={"media_type": "text/plain"})
    assert to_take_along(given.model_copy(update={"document": text}), 0) is text


def test_a_file_that_keeps_whoever_draws_it_busy_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    assert page_count(document(forms_within_forms(3, 3))) == 1
    monkeypatch.setattr(documents, "_SECONDS", 2.0)
    assert page_count(document(forms_within_forms(9, 40))) == 0


def test_an_endless_page_is_not_drawn_larger_than_memory_allows() -> None:
    assert page_count(document(pdf(1, (1e9, 1e9)))) <= 1
    assert page_count(document(pdf(1, (1e-9, 1e9)))) <= 1


def test_whatever_a_file_does_it_does_to_another_process(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    program = tmp_path / "python"
    program.write_text("#!/bin/sh\nkill -SEGV $$\n")
    program.chmod(0o755)
    monkeypatch.setattr(sys, "executable", str(program))
    assert page_count(document(pdf(1))) == 0


def test_whoever_draws_gets_nothing_of_the_kiosks_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    program = tmp_path / "python"
    program.write_text("#!/bin/sh\nexport -p\n")
    program.chmod(0o755)
    monkeypatch.setenv("KIOSK_SECRET", "not for others")
    monkeypatch.setattr(sys, "executable", str(program))
    assert b"KIOSK_SECRET" not in page_picture(document(pdf(1)), 1)


def test_what_is_no_base64_has_no_pages() -> None:
    broken = document(pdf(1)).model_copy(update={"content": "%%%"})
    assert page_count(broken) == 0
    with pytest.raises(ValueError, match="base64"):
        content_of(broken)


def test_text_is_no_picture_and_is_printed_as_it_is() -> None:
    plain = document("一份文件".encode(), "text/plain")
    assert (page_count(plain), content_of(plain).decode()) == (0, "一份文件")
