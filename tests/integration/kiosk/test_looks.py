"""Every screen in a real browser: large enough to touch, clear enough to read, in sight or scrolled to."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, cast
from uuid import UUID

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import expect

from cardsvc.wire.levels import Level
from cardsvc.wire.manifest import Action, Language, Outcome, OutcomeField
from kiosk.departments.contract.texts import texts
from kiosk.departments.education import department as education
from kiosk.departments.finance import department as finance
from kiosk.departments.medical_insurance import department as medical_insurance
from kiosk.departments.social_insurance import department as social_insurance
from kiosk.offers import Offer, offers_of
from kiosk.screen.view import SCREEN_NAMES
from kiosk.visit import pin_screens, screens, turn_screens
from kiosk.visit.reason import Reason
from kiosk.visit.screens import KioskState, Screen, Visit
from readers.piv.pin import Pin
from tests.fixtures.browser import LANDSCAPE, PORTRAIT, OpenPage
from tests.fixtures.faces import PHOTOGRAPH
from tests.fixtures.offers import CHANGE_PIN, CITY, OTHER_CARD_LOST, outcome, paper
from tests.fixtures.papers import document, home_proof, pdf
from tests.fixtures.windows import Window

pytestmark = pytest.mark.needs("chromium", "chinese-font")

PIN = Pin("864193")
ANA = UUID(int=1, version=4)
SCREENS = Path(__file__).parents[3] / "var" / "screens"
"""Pictures of every screen, for people to look at."""
OFFERS = (
    *(offer for department in (medical_insurance, education, finance) for offer in offers_of(department.manifest, "")),
    *CITY,
)
WITH_FORMS = [offer for offer in OFFERS if offer.form.fields]
PERSONAL = next(offer for offer in OFFERS if offer.service.level is Level.PIN)
ALIVE = next(offer for offer in offers_of(social_insurance.manifest, "") if offer.photograph)
ATTEND = cast("Offer", ALIVE.second)
TURN = turn_screens.Turn(ALIVE, ATTEND, "SI-7K3F-9Q2M-AB", datetime.now(UTC) + timedelta(minutes=10), ANA, PHOTOGRAPH)
SUBMISSION = screens.Submission(OFFERS[0], ANA)
PAY_FEE = next(offer for offer in OFFERS if offer.service.code == "pay-fee")
TO_SIGN = screens.Submission(PAY_FEE, ANA, {"notice": "802600000037"})
PAPERS = {
    Language.ENGLISH: """Finance
Payment of a fee

I pay this fee out of my city purse.

Fee: Water rate
Number of the notice: 802600000037
Due: 2026-11-30
Amount: CNY 58.60
Receipt number: FI-7K3F-9Q2M-AB
Written at: 2026-11-28 10:30
""",
    Language.CHINESE: """财政
缴费授权

本人同意从本人的城市钱包支付此项费用。

费用：水费
缴费通知单号：802600000037
缴费期限：2026-11-30
金额：CNY 58.60
回执编号：FI-7K3F-9Q2M-AB
文件时间：2026-11-28 10:30
""",
    Language.PORTUGUESE: """Finanças
Pagamento de uma taxa

Pago esta taxa com a minha carteira da cidade.

Taxa: Tarifa de água
Número do aviso: 802600000037
Data-limite: 2026-11-30
Montante: CNY 58.60
Número do recibo: FI-7K3F-9Q2M-AB
Escrito em: 2026-11-28 10:30
""",
}
PROOF = "7f" * 32
"""Stands for a paper in the addresses of its pages."""
LONG = 60
"""So many times the text: some 18 kB, more than any screen has room for."""


MATTERS = Outcome(
    title=texts("Your applications", "您的申请", "Os seus pedidos"),
    fields=tuple(
        OutcomeField(
            label=texts(f"Finance · Fee · 2026-11-{day}", f"财政 · 费用 · 2026-11-{day}", f"Finanças · Taxa · {day}"),
            value=texts("We are working on it", "正在处理", "Estamos a tratar do assunto"),
            new=day == 21,
            action=Action(service="take-back", titles=texts("Withdraw it", "撤回", "Retirar")),
        )
        for day in range(20, 24)
    ),
    receipt="CC-0001",
)


def filled(offer: Offer) -> dict[str, Any]:
    """The first choice, and a word for everything else."""
    return {field.name: field.choices[0].value if field.choices else "802600000037" for field in offer.form.fields}


def signing(language: Language) -> list[Screen]:
    """The screens of somebody who signs, with the document in their language."""
    short, again = paper(PAPERS[language], language), replace(TO_SIGN, reread=True)
    return [
        screens.Review(TO_SIGN, short),
        screens.Review(again, paper(PAPERS[language] * LONG, language)),
        screens.SignPin(TO_SIGN, short),
        screens.SignPin(TO_SIGN, short, 2),
        screens.Signing(TO_SIGN, short, 1),
        *(
            screens.Refusal(Reason(code), screens.Review(TO_SIGN, short), TO_SIGN)
            for code in ("service-unreachable", "department-busy", "not-signed", "confirmation-over")
        ),
        *(screens.Refusal(Reason(code), screens.Services()) for code in ("pin-blocked", "key-origin-refused")),
    ]


OPEN: list[Screen] = [
    screens.Services(),
    screens.InsertCard(PERSONAL),
    screens.PinEntry(ANA, PERSONAL, 2),
    screens.CheckingPin(ANA, None, 1),
    *(screens.Consent(offer) for offer in (*OFFERS[: -len(CITY)], OTHER_CARD_LOST)),
    screens.Sending(screens.Submission(CITY[0], ANA), 1),
    turn_screens.PhotographPin(TURN),
    turn_screens.ReadingPhotograph(TURN, 1),
    turn_screens.HandOver(TURN),
    pin_screens.ChangePin(CHANGE_PIN),
    pin_screens.ChangePin(CHANGE_PIN, PIN, problem=pin_screens.PinProblem.WELL_KNOWN),
    pin_screens.ChangePin(CHANGE_PIN, PIN, PIN),
    pin_screens.ChangingPin(CHANGE_PIN, ANA, 1),
    *(screens.FillForm(offer) for offer in WITH_FORMS),
    *(screens.FillForm(offer, offer.form.fill({})) for offer in WITH_FORMS),
    *(screens.Check(screens.Submission(offer, ANA, filled(offer)), screens.FillForm(offer)) for offer in WITH_FORMS),
    screens.Check(SUBMISSION, screens.Done(OFFERS[0], MATTERS), MATTERS.fields[0]),
    screens.Sending(SUBMISSION, 1),
    screens.Done(OFFERS[0], outcome()),
    screens.Done(OFFERS[0], MATTERS),
    *(screens.Done(OFFERS[0], outcome(), printing=screens.Printing(1, state)) for state in screens.PrintState),
    screens.Done(PERSONAL, home_proof(), 1, PROOF),
    screens.Done(PERSONAL, home_proof(), 1, PROOF, screens.Printing(1, screens.PrintState.FAILED)),
    screens.Done(PERSONAL, home_proof()),
    screens.Done(PERSONAL, outcome().model_copy(update={"document": document(pdf(30))}), 30, PROOF[::-1]),
    screens.Refusal(Reason("department-unreachable"), screens.Services(), SUBMISSION),
]
CLOSED: list[Screen] = [
    screens.Attract(),
    screens.Reading(),
    screens.Refusal(Reason("card-not-active", card_state="revoked")),
    *(screens.Refusal(Reason(code)) for code in ("card-removed", "other-card", "signed-and-left")),
    *(screens.Refusal(Reason(code)) for code in ("pin-changed-and-left", "pin-is-old", "pin-unknown", "nobody-came")),
    pin_screens.PinLost(CHANGE_PIN, ANA, PIN, PIN, other_card=True),
    pin_screens.FindingPin(CHANGE_PIN, ANA, 1),
    screens.TakeCard(),
    screens.TakeCard(lying=True),
    screens.TakeCard(call=screens.Call.LOUD),
    screens.TakeCard(call=screens.Call.LEFT, lying=True),
    screens.OutOfService(),
]

SMALLEST_TARGET = 48
CONTRAST = 4.5

MEASURE = """() => {
  const channel = (value) => { const c = value / 255; return c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4; };
  const light = ([r, g, b]) => 0.2126 * channel(r) + 0.7152 * channel(g) + 0.0722 * channel(b);
  const rgba = (text) => (text.match(/[0-9.]+/g) || [0, 0, 0, 0]).map(Number);
  const background = (element) => {
    for (let at = element; at; at = at.parentElement) {
      const colour = rgba(getComputedStyle(at).backgroundColor);
      if (colour.length < 4 || colour[3] === 1) return colour;
    }
    return [255, 255, 255];
  };
  const seen = (element) => element.checkVisibility({ opacityProperty: true, visibilityProperty: true });
  const unclear = [];
  for (const element of document.querySelectorAll("body *")) {
    const own = [...element.childNodes].some((node) => node.nodeType === 3 && node.textContent.trim());
    if (!own || !seen(element) || element.closest("[disabled]")) continue;
    const [a, b] = [light(rgba(getComputedStyle(element).color)), light(background(element))].sort((x, y) => y - x);
    const ratio = (a + 0.05) / (b + 0.05);
    if (ratio < CONTRAST) unclear.push(`${element.textContent.trim().slice(0, 30)}: ${ratio.toFixed(2)}`);
  }
  const hard = [];
  for (const element of document.querySelectorAll("button, .choices span, input[type=text]")) {
    if (!seen(element)) continue;
    const { width, height, left, right, top, bottom } = element.getBoundingClientRect();
    const name = (element.textContent || element.name).trim().slice(0, 30);
    if (width < TARGET || height < TARGET) hard.push(`${name}: ${width} x ${height}`);
    const scrolls = element.closest("main") && !element.closest("main > .actions");
    const outside = left < 0 || right > innerWidth || (!scrolls && (top < 0 || bottom > innerHeight));
    if (outside) hard.push(`${name}: out of sight`);
  }
  return { unclear, hard, wide: document.documentElement.scrollWidth > innerWidth };
}""".replace("CONTRAST", str(CONTRAST)).replace("TARGET", str(SMALLEST_TARGET))


HIT = """(button) => {
  const { left, top, width, height } = button.getBoundingClientRect();
  return button.contains(document.elementFromPoint(left + width / 2, top + height / 2));
}"""


def states(language: Language) -> Iterator[KioskState]:
    now = datetime.now(UTC)
    visit = Visit(ANA, Level.TAP, "", now + timedelta(minutes=10))
    state = KioskState(language=language, offers=OFFERS, prints=True)
    for screen in (*OPEN, *signing(language)):
        yield replace(state, screen=screen, visit=visit, deadline=datetime.now(UTC) + timedelta(seconds=80))
    yield replace(state, screen=screens.Done(PERSONAL, outcome()), visit=visit, prints=False)
    told = replace(visit, level=Level.PIN, news=MATTERS.fields)
    yield replace(state, screen=screens.Services(), visit=told)
    second = replace(state, visit=visit, deadline=now + timedelta(minutes=5), turn=TURN)
    yield replace(second, screen=screens.FillForm(ATTEND))
    yield replace(second, visit=None, screen=turn_screens.AwaitSecond())
    yield replace(second, visit=None, screen=turn_screens.AwaitSecond(first_again=True), card_inside=True)
    for screen in CLOSED:
        yield replace(state, screen=screen)
    yield replace(state, troubles=frozenset(screens.Trouble))
    yield replace(state, screen=screens.Services(), visit=visit, deadline=datetime.now(UTC) + timedelta(seconds=15))


@pytest.mark.parametrize("size", [LANDSCAPE, PORTRAIT], ids=["landscape", "portrait"])
@pytest.mark.parametrize("language", list(Language))
def test_every_screen_can_be_read_and_touched(
    window: Window, open_page: OpenPage, language: Language, size: tuple[int, int]
) -> None:
    page = open_page(size)
    page.emulate_media(reduced_motion="reduce")
    page.goto(window.links[-1])
    found: dict[str, Any] = {}
    for state in states(language):
        window.show(page, state)
        measured = page.evaluate(MEASURE)
        if measured != {"unclear": [], "hard": [], "wide": False}:
            found[repr(state.screen)[:60]] = measured
    assert found == {}


@pytest.mark.parametrize("size", [LANDSCAPE, PORTRAIT], ids=["landscape", "portrait"])
@pytest.mark.parametrize("language", list(Language))
def test_axe_finds_nothing_on_any_screen(
    window: Window, open_page: OpenPage, language: Language, size: tuple[int, int]
) -> None:
    folder = SCREENS / ("landscape" if size == LANDSCAPE else "portrait") / language.value
    shutil.rmtree(folder, ignore_errors=True)
    page, axe = open_page(size), Axe()
    page.emulate_media(reduced_motion="reduce")
    page.goto(window.links[-1])
    found: dict[str, Any] = {}
    for number, state in enumerate(states(language)):
        window.show(page, state)
        name = f"{number:02}-{SCREEN_NAMES[type(state.screen)]}"
        page.screenshot(path=folder / f"{name}.png")
        said = axe.run(page)
        if said.violations_count:
            found[name] = said.generate_snapshot()
    assert found == {}


@pytest.mark.parametrize("size", [LANDSCAPE, PORTRAIT], ids=["landscape", "portrait"])
@pytest.mark.parametrize("larger", [1, 1.5, 2])
def test_a_long_text_scrolls_and_the_buttons_stay_in_sight(
    window: Window, open_page: OpenPage, size: tuple[int, int], larger: float
) -> None:
    page = open_page(size)
    page.goto(window.links[-1])
    visit = Visit(ANA, Level.PIN, "", datetime.now(UTC) + timedelta(minutes=10))
    for screen in signing(Language.PORTUGUESE)[:2]:
        window.show(page, KioskState(screen, visit, Language.PORTUGUESE))
        page.evaluate(
            "(larger) => { document.documentElement.style.fontSize = `calc(var(--u) * 1.3 * ${larger})`; }", larger
        )
        text, main = page.locator(".paper"), page.locator("main")
        for place in (0, 10**9):
            main.evaluate("(main, place) => { main.scrollTop = place; }", place)
            for name in ("Assinar com o PIN", "Voltar e alterar"):
                button = page.get_by_role("button", name=name)
                expect(button).to_be_in_viewport(ratio=1)
                assert button.evaluate(HIT), "nothing lies over it"
        page.locator(".groups span").last.scroll_into_view_if_needed()
        assert page.locator(".groups span").last.evaluate(HIT), "nothing lies over it"
        assert text.evaluate("(text) => text.scrollWidth <= text.clientWidth"), "no line runs out of the paper"
        assert isinstance(screen, screens.Review)
        assert text.inner_text() == screen.paper.text


def test_somebody_who_reads_a_long_text_stays_where_they_are(window: Window, open_page: OpenPage) -> None:
    page, now = open_page(PORTRAIT), datetime.now(UTC)
    page.goto(window.links[-1])
    visit = Visit(ANA, Level.PIN, "", now + timedelta(minutes=10))
    state = KioskState(signing(Language.ENGLISH)[1], visit, deadline=now + timedelta(seconds=15))
    window.show(page, state)
    expect(page.get_by_role("alertdialog")).to_be_visible()
    page.locator("main").evaluate("(main) => { main.scrollTop = 900; }")
    page.locator("main").evaluate("(main) => { main.seen = true; }")
    window.show(page, replace(state, deadline=now + timedelta(seconds=90)))
    expect(page.get_by_role("alertdialog")).to_be_hidden()
    assert int(page.locator(".countdown b").inner_text()) > 60
    assert page.locator("main").evaluate("(main) => [main.seen, main.scrollTop]") == [True, 900]
    window.show(page, replace(state, troubles=frozenset(screens.Trouble), screen=screens.Services()))
    assert page.locator("main").evaluate("(main) => main.seen === undefined")
    expect(page.locator(".troubles p")).to_have_count(len(screens.Trouble))
