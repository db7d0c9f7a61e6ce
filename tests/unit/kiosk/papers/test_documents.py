from __future__ import annotations

import base64
import io

import pytest
from PIL import Image
from reportlab.pdfgen.canvas import Canvas

from cardsvc.wire.manifest import Document, Language
from kiosk.papers.documents import MOST_PAGES, content_of, page_count, page_picture


def pdf(pages: int, size: tuple[float, float] = (595, 842)) -> bytes:
    file = io.BytesIO()
    canvas = Canvas(file, pagesize=size)
    for _ in range(pages):
        canvas.rect(0, 0, size[0], size[1] / 2, fill=1)  # the lower half is black
        canvas.showPage()
    canvas.save()
    return file.getvalue()


def paper(content: bytes, media_type: str = "application/pdf") -> Document:
    text = content.decode() if media_type.startswith("text/") else base64.b64encode(content).decode()
    return Document(title={Language.ENGLISH: "A paper"}, media_type=media_type, content=text)


def test_a_page_is_drawn_upright_and_in_its_own_proportions() -> None:
    picture = Image.open(io.BytesIO(page_picture(paper(pdf(2)), 2))).convert("L")
    width, height = picture.size
    assert (width, round(height / width, 2)) == (1240, round(842 / 595, 2))
    assert (picture.getpixel((600, 10)), picture.getpixel((600, height - 10))) == (255, 0)


def test_a_long_strip_is_not_drawn_larger_than_memory_allows() -> None:
    picture = Image.open(io.BytesIO(page_picture(paper(pdf(1, (10, 10000))), 1)))
    assert picture.size[1] <= 4 * 1240


@pytest.mark.parametrize(("pages", "shown"), [(1, 1), (MOST_PAGES + 5, MOST_PAGES)])
def test_pages_are_counted(pages: int, shown: int) -> None:
    assert page_count(paper(pdf(pages))) == shown


@pytest.mark.parametrize("content", [b"", b"no pdf", pdf(1)[:200]], ids=["empty", "something else", "cut off"])
def test_what_cannot_be_drawn_has_no_pages(content: bytes) -> None:
    assert page_count(paper(content)) == 0


def test_what_is_no_base64_has_no_pages() -> None:
    broken = paper(pdf(1)).model_copy(update={"content": "%%%"})
    assert page_count(broken) == 0
    with pytest.raises(ValueError, match="base64"):
        content_of(broken)


def test_text_is_no_picture_and_is_printed_as_it_is() -> None:
    plain = paper("一份文件".encode(), "text/plain")
    assert (page_count(plain), content_of(plain).decode()) == (0, "一份文件")
