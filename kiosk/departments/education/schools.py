"""The schools of the city, the rounds in which places are applied for, and how many there are."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any, Final

from sqlalchemy.orm import Session

from cardsvc.wire.manifest import Texts
from kiosk.departments.contract.storage import insert_into
from kiosk.departments.contract.texts import texts
from kiosk.departments.education.models import Places, Round, School

NAMES: Final[Mapping[str, Texts]] = {
    "hengqin-first": texts("Hengqin First School", "横琴第一学校", "Primeira Escola de Hengqin"),
    "tianmu-river": texts("Tianmu River School", "天沐河学校", "Escola do Rio Tianmu"),
    "qinglu": texts("Qinglu School", "情侣路学校", "Escola de Qinglu"),
    "jinwan-harbour": texts("Jinwan Harbour School", "金湾海港学校", "Escola do Porto de Jinwan"),
    "taipa-bridge": texts("Taipa Bridge School", "氹仔桥学校", "Escola da Ponte da Taipa"),
}
FIRST_DISTRICTS: Final[Mapping[str, str]] = {
    "hengqin-first": "hengqin",
    "tianmu-river": "hengqin",
    "qinglu": "xiangzhou",
    "jinwan-harbour": "jinwan",
    "taipa-bridge": "taipa",
}
"""Whose neighbours come first at which school, since the first day."""
FIRST_ROUNDS: Final[tuple[dict[str, Any], ...]] = (
    {
        "code": "2026-primary",
        "opens_on": date(2026, 2, 2),
        "closes_on": date(2026, 3, 31),
        "born_from": date(2019, 9, 1),
        "born_until": date(2020, 8, 31),
    },
    {
        "code": "2027-primary",
        "opens_on": date(2026, 10, 12),
        "closes_on": date(2027, 3, 31),
        "born_from": date(2020, 9, 1),
        "born_until": date(2021, 8, 31),
    },
    {
        "code": "2027-junior",
        "opens_on": date(2026, 10, 12),
        "closes_on": date(2027, 4, 30),
        "born_from": date(2014, 9, 1),
        "born_until": date(2015, 8, 31),
    },
)
"""Who begins school: the child is six by the last day of August (Compulsory Education Law, article 11), or twelve."""
FIRST_CAPACITIES: Final[Mapping[str, int]] = {
    "hengqin-first": 240,
    "tianmu-river": 160,
    "qinglu": 200,
    "jinwan-harbour": 120,
    "taipa-bridge": 90,
}
"""Of each round."""


def seed_schools(session: Session) -> None:
    """Put in the first schools, rounds and places, where they are not there yet."""
    schools = [{"code": code, "district": district} for code, district in FIRST_DISTRICTS.items()]
    places = [
        {"round": each["code"], "school": school, "capacity": capacity, "offered": 0}
        for each in FIRST_ROUNDS
        for school, capacity in FIRST_CAPACITIES.items()
    ]
    for table, rows in ((School, schools), (Round, list(FIRST_ROUNDS)), (Places, places)):
        session.execute(insert_into(session, table).values(rows).on_conflict_do_nothing())
