"""``make walks``: every service of the city to its receipt, and every refusal, in all languages; takes some minutes."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from cardsvc.wire.manifest import Language
from kiosk.city.founding import TITLES
from tests.fixtures.browser import OpenPage, chromium, open_page
from tests.walks.city import WalkedCity, open_walked_city
from tests.walks.walking import Outing

__all__ = ["chromium", "open_page"]


@pytest.fixture(scope="module")
def walked_city(tmp_path_factory: pytest.TempPathFactory) -> Iterator[WalkedCity]:
    with open_walked_city(tmp_path_factory) as city:
        yield city


@pytest.mark.timeout(1800)
@pytest.mark.parametrize("language", Language)
@pytest.mark.parametrize("department", TITLES)
def test_a_department_is_walked(
    walked_city: WalkedCity, open_page: OpenPage, language: Language, department: str
) -> None:
    Outing(walked_city, open_page, language).walk([department])


@pytest.mark.timeout(1800)
@pytest.mark.parametrize("language", Language)
def test_the_citys_own_services_are_walked(walked_city: WalkedCity, open_page: OpenPage, language: Language) -> None:
    Outing(walked_city, open_page, language).walk_own()
