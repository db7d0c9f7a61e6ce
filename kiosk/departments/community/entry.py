"""Whether somebody may come in where one must be 65: yes or no. Their age is not told, and who they are is not kept."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from sqlalchemy.orm import Session

from cardsvc.wire.levels import Level
from cardsvc.wire.manifest import OutcomeField, ResultKind, ServiceDescription, Texts
from kiosk.departments.community.models import EntryCount
from kiosk.departments.contract.clock import city_date
from kiosk.departments.contract.counting import count
from kiosk.departments.contract.declaration import Answer, Service, Visit
from kiosk.departments.contract.forms import choice, form
from kiosk.departments.contract.texts import texts

QUESTION: Final = "age-at-least:65"
PLACES: Final[Mapping[str, Texts]] = {
    "day-centre": texts("Day centre for seniors", "长者日间中心", "Centro de dia para idosos"),
    "pool": texts("Seniors' hour at the swimming pool", "游泳馆长者时段", "Hora sénior na piscina"),
    "lunch": texts("Seniors' lunch table", "长者饭堂", "Refeitório sénior"),
}
YES: Final = texts("Yes, please come in", "可以，请进", "Sim, faça favor de entrar")
NO: Final = texts(
    "No, this is for people who are 65 or older",
    "不可以，此处仅限65岁及以上人士",
    "Não, isto é para quem tem 65 anos ou mais",
)


def let_in(session: Session, visit: Visit) -> Answer:
    """Say whether they may, and count those who may."""
    place, welcome = visit.input["place"], visit.visitor.answered(QUESTION)
    if welcome:
        count(session, EntryCount, {"place": place, "day": city_date(visit.now)}, EntryCount.entries)
    return Answer(
        title=YES if welcome else NO,
        fields=(OutcomeField(label=texts("Where", "地点", "Onde"), value=PLACES[place]),),
    )


SENIOR_ENTRY: Final = Service(
    ServiceDescription(
        code="senior-entry",
        titles=texts("Seniors' entry", "长者入场", "Entrada sénior"),
        summaries=texts(
            "Tap to find out whether you may come in where one must be 65 or over.",
            "刷卡确认您是否可进入65岁及以上人士专用场所。",
            "Saiba com um toque se pode entrar onde é preciso ter 65 anos.",
        ),
        level=Level.TAP,
        questions=(QUESTION,),
        purposes=texts(
            "To let in those who are 65 or older. We do not learn your age, nor keep who came.",
            "用于核对是否年满65岁。我们不会获知您的年龄，也不会记录来访者。",
            "Para deixar entrar quem tem 65 anos ou mais. Não ficamos a saber a sua idade nem guardamos quem veio.",
        ),
        input=form(place=choice(texts("Where to?", "去哪里？", "Para onde?"), PLACES)),
        result=ResultKind.INFORMATION,
    ),
    let_in,
)
