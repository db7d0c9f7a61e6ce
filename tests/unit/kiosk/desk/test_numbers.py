"""Check digits of identity documents, against published examples."""

from __future__ import annotations

from datetime import date

import pytest

from kiosk.desk.numbers import (
    NumberFault,
    Paper,
    birth_date_in,
    fault_in,
    hong_kong_check,
    mrz_check,
    read_passport_line,
    resident_check,
    tidy,
)

TODAY = date(2026, 11, 29)
SPECIMEN = "L898902C36UTO7408122F1204159ZE184226B<<<<<10"
"""ICAO Doc 9303 part 4, appendix B."""


@pytest.mark.parametrize("number", ["11010519491231002X", "440524188001010014"])
def test_residents_numbers_of_gb_11643_1999_annex_a(number: str) -> None:
    assert resident_check(number[:-1]) == number[-1]
    assert fault_in(number, Paper.RESIDENT_CARD, birth_date_in(number)) is None


def test_a_residents_number_has_the_date_of_birth_in_it() -> None:
    assert birth_date_in("11010519491231002X") == date(1949, 12, 31)
    assert fault_in("11010519491231002X", Paper.RESIDENT_CARD, date(1949, 12, 30)) is NumberFault.BIRTH_DATE
    no_day = "11010519490231002"
    assert fault_in(no_day + resident_check(no_day), Paper.RESIDENT_CARD, None) is NumberFault.BIRTH_DATE


@pytest.mark.parametrize("wrong", ["110105194912310021", "11010519491231020X", "11010549191231002X"])
def test_a_slip_of_the_finger_is_noticed(wrong: str) -> None:
    assert fault_in(wrong, Paper.RESIDENT_CARD, None) is NumberFault.CHECK_DIGIT


def test_hong_kong_numbers() -> None:
    # Wikipedia, "Hong Kong identity card": A123456(3), AB987654(3)
    assert (hong_kong_check("A123456"), hong_kong_check("AB987654")) == ("3", "3")
    assert fault_in(tidy("a123456(3)"), Paper.HONG_KONG_CARD, None) is None
    assert fault_in("A1234564", Paper.HONG_KONG_CARD, None) is NumberFault.CHECK_DIGIT


@pytest.mark.parametrize(
    ("number", "paper", "fault"),
    [
        ("12345678", Paper.MACAU_CARD, None),
        ("1234567", Paper.MACAU_CARD, NumberFault.FORM),
        ("L898902C3", Paper.PASSPORT, None),
        ("L898902C34", Paper.PASSPORT, NumberFault.FORM),
        ("M1234567", Paper.OTHER, None),
        ("M123", Paper.OTHER, NumberFault.FORM),
    ],
)
def test_forms(number: str, paper: Paper, fault: NumberFault | None) -> None:
    assert fault_in(number, paper, None) is fault


def test_numbers_are_tidied() -> None:
    assert tidy(" m 123-4567（8） ") == "M12345678"


def test_the_specimen_of_icao_9303() -> None:
    assert mrz_check("L898902C3") == "6"
    line = read_passport_line(SPECIMEN.lower(), TODAY)
    assert line is not None
    assert (line.number, line.birth_date) == ("L898902C3", date(1974, 8, 12))


@pytest.mark.parametrize("place", [0, 9, 13, 19, 21, 27, 28, 42, 43])
def test_every_check_digit_of_a_passports_line_counts(place: int) -> None:
    other = "2" if SPECIMEN[place] != "2" else "1"
    assert read_passport_line(SPECIMEN[:place] + other + SPECIMEN[place + 1 :], TODAY) is None
