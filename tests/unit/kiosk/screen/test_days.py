"""The parts that days are put together from."""

from __future__ import annotations

from datetime import date
from typing import Any

from cardsvc.wire.manifest import Language
from kiosk.forms import Form, FormField
from kiosk.screen.days import day_view

TODAY = date(2026, 11, 29)


def question(**days: int) -> FormField:
    schema: dict[str, Any] = {"type": "object", "properties": {"on": {"type": "string", "format": "date"}}}
    schema["properties"]["on"]["x-days"] = days
    return Form.from_schema(schema).fields[0]


def test_the_parts_of_a_day() -> None:
    view = day_view(question(before=30, after=60), "2027-03-05", TODAY, Language.PORTUGUESE)
    assert view["years"] == [{"value": "2026", "title": "2026"}, {"value": "2027", "title": "2027"}]
    assert [month["title"] for month in view["months"]][::11] == ["janeiro", "dezembro"]
    assert [day["value"] for day in view["days"]] == [f"{day:02}" for day in range(1, 32)]
    assert view["chosen"] == ["2027", "03", "05"]


def test_the_only_year_is_chosen() -> None:
    assert day_view(question(before=30, after=0), None, TODAY, Language.ENGLISH)["chosen"] == ["2026", "", ""]
    assert day_view(question(before=30, after=60), None, TODAY, Language.ENGLISH)["chosen"] == ["", "", ""]


def test_a_year_of_very_many_is_entered_by_its_digits() -> None:
    assert day_view(question(before=36000, after=0), None, TODAY, Language.ENGLISH)["years"] == []
