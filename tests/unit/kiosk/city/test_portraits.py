"""Portraits of people who do not exist."""

from __future__ import annotations

from cardsvc.citizens.pictures import read_portrait
from kiosk.city.portraits import portrait

SEEDS = [f"M{number:07}" for number in range(12)]


def test_the_service_keeps_them_as_they_are() -> None:
    assert {(one.width, one.height) for one in map(read_portrait, map(portrait, SEEDS))} == {(420, 540)}


def test_the_same_person_looks_the_same_and_others_do_not() -> None:
    faces = [portrait(seed) for seed in SEEDS]
    assert faces == [portrait(seed) for seed in SEEDS]
    assert len(set(faces)) == len(SEEDS)
