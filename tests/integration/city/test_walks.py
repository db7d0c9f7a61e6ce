"""Every service of the city on the real stack, a third of them in each language; `make walks` does all in all."""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Iterator

import pytest

from cardsvc.wire.manifest import Language
from kiosk import departments
from kiosk.departments.cli import DEPARTMENTS, load
from kiosk.departments.contract.refusals import ServiceRefused
from tests.fixtures.browser import OpenPage
from tests.walks.city import WalkedCity, open_walked_city
from tests.walks.refused import REFUSED
from tests.walks.table import CITY, IN_TURN, OWN, WALKS
from tests.walks.walking import Outing

WITHOUT_A_WALK = {
    # Not on the list: the kiosk asks for news by itself, the others are buttons beside an application.
    "news",
    "take-back",
    "fee-refund",
    # By the second of two people, so that they can go on.
    "attendant-enrolment",
}
REFUSED_ELSEWHERE = {
    "attribute-needed",  # a kiosk tells what the manifest asks for: integration/kiosk/departments/test_finance
    "document-outdated",  # a draft waits longer than the kiosk: integration/kiosk/departments/test_signing
    "card-not-in-force-then",  # taps without a network: integration/kiosk/test_offline
    "nothing-to-take-back",  # a button that is there for what there is: integration/kiosk/departments/test_matters
    # A kiosk takes neither the same card again nor somebody who is too late: integration/kiosk/departments/test_turns
    "nothing-to-continue",
    "same-person",
}


@pytest.fixture(scope="module")
def walked_city(tmp_path_factory: pytest.TempPathFactory) -> Iterator[WalkedCity]:
    with open_walked_city(tmp_path_factory) as city:
        yield city


@pytest.mark.needs("chromium", "chinese-font", "pcscd", "vpcd")
@pytest.mark.timeout(900)
@pytest.mark.parametrize(
    ("language", "departments"),
    [
        (Language.ENGLISH, ("environment", "public-security", "community")),
        (Language.CHINESE, ("finance", "real-estate", "medical-insurance")),
        (Language.PORTUGUESE, ("education", "social-insurance")),
    ],
)
def test_a_resident_walks_to_every_receipt_and_every_refusal(
    walked_city: WalkedCity, open_page: OpenPage, language: Language, departments: tuple[str, ...]
) -> None:
    Outing(walked_city, open_page, language).walk(departments)


@pytest.mark.needs("chromium", "chinese-font", "pcscd", "vpcd")
@pytest.mark.timeout(900)
def test_a_resident_walks_to_what_the_city_itself_offers(walked_city: WalkedCity, open_page: OpenPage) -> None:
    Outing(walked_city, open_page, Language.CHINESE).walk_own()


def test_no_service_is_left_out() -> None:
    manifests = {code: load(code).manifest for code in DEPARTMENTS}
    listed = {(code, service.code) for code, manifest in manifests.items() for service in manifest.services}
    listed |= {(code, turns.first.code) for code, manifest in manifests.items() for turns in manifest.in_turn}
    walked = {(walk.department, walk.service) for walk in WALKS}
    walked |= {(walk.department, walk.service) for walk in IN_TURN if walk.refusal is None}
    assert {(code, service) for code, service in listed if service not in WITHOUT_A_WALK} == walked
    # Changing the PIN: integration/kiosk/test_city_in_browser. Who has one card misses no other: refused, in the walk.
    own = {service.code for service in CITY.services} - {"change-pin", "other-card-lost"}
    assert own == {walk.service for walk in OWN}


def test_no_refusal_is_left_out() -> None:
    for module in pkgutil.walk_packages(departments.__path__, f"{departments.__name__}."):
        importlib.import_module(module.name)
    codes = {refusal.code for refusal in _kinds_of(ServiceRefused) if refusal.__module__.startswith("kiosk.")}
    in_turn = {walk.refusal.code for walk in IN_TURN if walk.refusal}
    assert codes - REFUSED_ELSEWHERE == {walk.refusal.code for walk in REFUSED} | in_turn


def _kinds_of(kind: type[ServiceRefused]) -> Iterator[type[ServiceRefused]]:
    for each in kind.__subclasses__():
        yield each
        yield from _kinds_of(each)
