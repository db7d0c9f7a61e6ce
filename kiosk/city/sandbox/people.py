"""The test people: the same in every sandbox, always of the same age."""

from __future__ import annotations

import calendar
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum
from typing import Final

from cardsvc.wire.lifecycle import Person

_SINCE_BIRTHDAY: Final = timedelta(days=100)


class Condition(StrEnum):
    """How somebody's card is when the sandbox opens."""

    ACTIVE = "active"
    HELD = "held"
    REVOKED = "revoked"
    TEMPORARY = "temporary"
    """Their card is at home and held; the one they carry is good for a week."""
    LOCKED = "locked"
    """They do not want taps."""


@dataclass(frozen=True, slots=True)
class TestPerson:
    """Somebody who does not exist."""

    code: str
    name: str
    name_latin: str
    age: int
    district: str
    condition: Condition = Condition.ACTIVE
    birthday: timedelta = _SINCE_BIRTHDAY
    """How long ago the last birthday was."""

    def on(self, today: date) -> Person:
        """This person, of this age today."""
        last = today - self.birthday
        day = min(last.day, calendar.monthrange(last.year - self.age, last.month)[1])
        return Person(
            name=self.name,
            name_latin=self.name_latin,
            birth_date=last.replace(year=last.year - self.age, day=day),
            document_number=f"TEST{PEOPLE.index(self):04d}",
            district=self.district,
        )


PEOPLE: Final = (
    TestPerson("chen-jiaxin", "陈嘉欣", "Chen Jiaxin", 38, "hengqin"),
    TestPerson("li-guoqiang", "李国强", "Li Guoqiang", 72, "xiangzhou"),
    TestPerson("wong-sau-lan", "黃秀蘭", "Wong Sau Lan", 60, "taipa", birthday=timedelta()),
    TestPerson("maria-santos", "Maria Teresa dos Santos", "Maria Teresa dos Santos", 45, "taipa"),
    TestPerson("zhou-xiaoyu", "周小雨", "Zhou Xiaoyu", 11, "hengqin"),
    TestPerson("wang-fang", "王芳", "Wang Fang", 29, "hengqin", Condition.HELD),
    TestPerson("zhao-lei", "赵磊", "Zhao Lei", 34, "doumen", Condition.REVOKED),
    TestPerson("ouyang-min", "欧阳敏", "Ouyang Min", 52, "hengqin", Condition.TEMPORARY),
    TestPerson("sun-li", "孙丽", "Sun Li", 41, "hengqin", Condition.LOCKED),
)
"""Of these one is a minor, and one became sixty today."""
