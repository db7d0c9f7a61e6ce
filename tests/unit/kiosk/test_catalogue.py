"""The catalogue keeps what it knows and believes no department that claims to be another."""

from __future__ import annotations

import threading
from typing import Any, TypeVar

import pytest
from pydantic import BaseModel

from cardsvc.wire.levels import Level
from cardsvc.wire.manifest import Manifest
from kiosk.catalogue import Catalogue, DepartmentAddress
from kiosk.department_client import DepartmentUnreachable
from kiosk.offers import offers_of
from tests.fixtures.offers import CLINIC, CLINIC_URL, LIBRARY, LIBRARY_URL

M = TypeVar("M", bound=BaseModel)


class Departments:
    def __init__(self) -> None:
        self.manifests = {CLINIC_URL: CLINIC, LIBRARY_URL: LIBRARY}

    def manifest(self, base_url: str) -> Manifest:
        try:
            return self.manifests[base_url]
        except KeyError as error:
            raise DepartmentUnreachable(base_url) from error


OF_CLINIC = [("clinic", code) for code in ("check-in", "balance", "donate", "leave")]
AT_CLINIC, AT_LIBRARY = DepartmentAddress(CLINIC_URL, "clinic"), DepartmentAddress(LIBRARY_URL, "library")


def catalogue(departments: Departments, *addresses: DepartmentAddress) -> Catalogue:
    return Catalogue(departments, addresses)


def keys(catalogue: Catalogue) -> list[tuple[str, str]]:
    return [offer.key for offer in catalogue.refresh()]


def changed(message: M, **members: Any) -> M:
    return message.model_copy(update=members)


def test_offers_are_in_the_order_of_the_addresses() -> None:
    shown = catalogue(Departments(), AT_LIBRARY, AT_CLINIC)
    assert keys(shown) == [("library", "opening-hours"), *OF_CLINIC]
    assert shown.complete


def test_departments_are_asked_at_once() -> None:
    """Neither answers before the other is asked as well."""
    both = threading.Barrier(2)

    class Slow(Departments):
        def manifest(self, base_url: str) -> Manifest:
            both.wait(20)
            return super().manifest(base_url)

    assert keys(catalogue(Slow(), AT_LIBRARY, AT_CLINIC)) == [("library", "opening-hours"), *OF_CLINIC]


def test_a_department_that_is_away_for_a_moment_stays_in_the_catalogue() -> None:
    departments = Departments()
    shown = catalogue(departments, AT_CLINIC, AT_LIBRARY)
    before = keys(shown)
    del departments.manifests[CLINIC_URL]
    assert keys(shown) == before


def test_a_department_that_has_never_answered_is_missing() -> None:
    shown = catalogue(Departments(), AT_CLINIC, DepartmentAddress("http://nobody.test", "nobody"))
    assert keys(shown) == OF_CLINIC
    assert not shown.complete


def test_an_address_cannot_take_the_code_of_another_department() -> None:
    departments = Departments()
    shown = catalogue(departments, AT_CLINIC, AT_LIBRARY)
    before = shown.refresh()
    departments.manifests[LIBRARY_URL] = changed(LIBRARY, department="clinic")
    assert shown.refresh() == before


def test_an_address_cannot_become_another_department() -> None:
    departments = Departments()
    shown = catalogue(departments, AT_LIBRARY)
    before = shown.refresh()
    departments.manifests[LIBRARY_URL] = changed(LIBRARY, department="tax-office")
    assert shown.refresh() == before


def test_a_code_that_the_operator_gave_must_be_the_departments() -> None:
    assert keys(catalogue(Departments(), AT_CLINIC, DepartmentAddress(LIBRARY_URL, "museum"))) == OF_CLINIC


def test_an_address_is_given_with_its_code() -> None:
    assert DepartmentAddress.parse("real-estate=https://x.test/base") == DepartmentAddress(
        "https://x.test/base", "real-estate"
    )


@pytest.mark.parametrize(
    "text",
    ["http://x.test", "=http://x.test", "Tax=http://x.test", "tax=x.test", "tax=ftp://x.test", "tax=http://", "tax="],
)
def test_anything_else_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="is not CODE=ADDRESS"):
        DepartmentAddress.parse(text)


def test_services_beyond_this_kiosk_are_left_out() -> None:
    check_in, balance, *_ = CLINIC.services
    strange = changed(check_in, code="strange", input={"type": "object", "properties": {"x": {"type": "array"}}})
    assert [offer.key[1] for offer in offers_of(changed(CLINIC, services=(strange, balance)), "")] == ["balance"]


def test_what_is_signed_needs_a_visit_with_the_pin() -> None:
    levels = {offer.key[1]: (offer.visit_level, offer.is_signed) for offer in offers_of(CLINIC, "")}
    assert levels == {
        "check-in": (Level.TAP, False),
        "balance": (Level.PIN, False),
        "donate": (Level.PIN, True),
        "leave": (Level.PIN, True),
    }


def test_departments_come_and_go_and_who_stays_keeps_what_is_known() -> None:
    departments = Departments()
    shown = catalogue(departments, AT_CLINIC, AT_LIBRARY)
    before = keys(shown)
    del departments.manifests[CLINIC_URL]
    shown.follow([AT_CLINIC])
    assert keys(shown) == [key for key in before if key[0] == "clinic"]
    assert shown.complete
    shown.follow([AT_LIBRARY, AT_CLINIC])
    assert keys(shown)[0][0] == "library"


def test_an_address_that_is_to_be_another_department_offers_nothing_until_it_is() -> None:
    shown = catalogue(Departments(), AT_CLINIC)
    assert keys(shown)
    shown.follow([DepartmentAddress(CLINIC_URL, "library")])
    assert keys(shown) == []
