"""A paper of a department at a real screen: shown, checked by its code, printed, and forgotten."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, expect

from kiosk.departments.contract.app import create_app
from kiosk.departments.real_estate import department as real_estate
from kiosk.papers.printer import FolderPrinter
from tests.fixtures.asgi import AsgiTransport
from tests.fixtures.browser import LANDSCAPE, PORTRAIT, OpenPage
from tests.fixtures.cards import PersonalisedCard
from tests.fixtures.proofs import City
from tests.fixtures.services import StandingClock
from tests.integration.kiosk.conftest import Town, open_town
from tests.integration.kiosk.test_browser import enter_pin, heading

pytestmark = pytest.mark.needs("chromium", "chinese-font", "zbar", "poppler")

expect.set_options(timeout=30_000)

POLICY = {
    "services": {
        "home-proof": {"level": "pin", "attributes": ["name", "document_number"]},
        "queue-ticket": {"level": "tap", "attributes": []},
    }
}
IMAGES_LOADED = (
    "() => [...document.querySelectorAll('.pages img')].every((image) => image.complete && image.naturalWidth > 1000)"
)


@pytest.fixture
def printed(tmp_path: Path) -> Path:
    folder = tmp_path / "printed"
    folder.mkdir()
    return folder


@pytest.fixture
def registry(
    sqlite_city: City, service_card: PersonalisedCard, tmp_path: Path, clock: StandingClock, printed: Path
) -> Iterator[Town]:
    with open_town(
        sqlite_city, service_card, tmp_path, clock, (real_estate, POLICY), printer=FolderPrinter(printed)
    ) as town:
        yield town


def ask_for_the_proof(town: Town, page: Page) -> None:
    town.insert()
    heading(page, "Enter your PIN")
    enter_pin(page, town.card.pin)
    page.locator("[data-pin=confirm]").click()
    heading(page, "What would you like to do?")
    page.locator("[data-body*='home-proof']").click()
    page.get_by_role("button", name="Yes, continue").click()
    heading(page, "Proof of home ownership")


def code_in(picture: bytes, folder: Path) -> str:
    (folder / "screen.png").write_bytes(picture)
    found = subprocess.run(
        ["zbarimg", "--quiet", "--raw", "screen.png"], cwd=folder, capture_output=True, text=True, check=True
    )
    return found.stdout.strip()


def text_of(pdf: bytes) -> str:
    return subprocess.run(
        ["pdftotext", "-layout", "-", "-"], input=pdf, capture_output=True, check=True
    ).stdout.decode()


def the_printed(folder: Path) -> bytes:
    (file,) = folder.glob("*.pdf")
    assert file.stat().st_mode & 0o077 == 0
    return file.read_bytes()


@pytest.mark.parametrize("size", [LANDSCAPE, PORTRAIT], ids=["landscape", "portrait"])
def test_a_paper_is_shown_checked_printed_and_forgotten(
    registry: Town, open_page: OpenPage, printed: Path, tmp_path: Path, size: tuple[int, int]
) -> None:
    page = open_page(size)
    page.goto(registry.links[-1])
    ask_for_the_proof(registry, page)
    page.wait_for_function(IMAGES_LOADED)
    assert Axe().run(page).response["violations"] == []

    address = code_in(page.screenshot(), tmp_path)
    with AsgiTransport(create_app(registry.office)) as department:
        phone = httpx.Client(transport=department)
        assert "This paper is valid" in phone.get(address).text

    page.get_by_role("button", name="Print the paper").click()
    expect(page.get_by_role("status").filter(has_text="The printer has it")).to_be_visible()
    expect(page.get_by_role("button", name="Print")).to_have_count(0)
    paper = the_printed(printed)
    assert address in text_of(paper)
    assert b"/ByteRange" in paper, "as the department sealed it"

    picture = page.locator(".pages img").first.get_attribute("src")
    assert picture is not None
    shown = page.evaluate("(path) => fetch(path).then((a) => [a.status, a.headers.get('cache-control')])", picture)
    assert shown == [200, "no-store"]
    registry.take()
    heading(page, "Hold your card here")
    assert page.context.request.get(registry.address + picture).status == 404
    for trace in (address, picture, "home ownership"):
        assert trace not in page.content()


def test_a_receipt_has_a_code_and_is_printed_in_the_language_of_the_screen(
    registry: Town, open_page: OpenPage, printed: Path, tmp_path: Path
) -> None:
    page = open_page(PORTRAIT)
    page.goto(registry.links[-1])
    registry.hold()
    heading(page, "What would you like to do?")
    page.get_by_role("button", name="Português").click()
    page.locator("[data-body*='queue-ticket']").click()
    page.get_by_role("button", name="Sim, continuar").click()
    page.locator("form .choices label").first.click()
    page.get_by_role("button", name="Continuar").click()
    page.get_by_role("button", name="Sim, enviar").click()
    page.get_by_role("button", name="Imprimir o recibo").click()
    expect(page.get_by_role("status").filter(has_text="A impressora recebeu-o")).to_be_visible()
    receipt = page.locator(".receipt dd").inner_text()
    assert code_in(page.screenshot(), tmp_path) == f"real-estate {receipt}"
    said = text_of(the_printed(printed))
    assert "Número do recibo" in said
    assert receipt in said
