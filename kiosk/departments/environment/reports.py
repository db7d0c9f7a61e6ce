"""Reporting a problem: what, where, and a few words. Nobody is asked for a name."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from sqlalchemy.orm import Session

from cardsvc.wire.levels import Level
from cardsvc.wire.manifest import OutcomeField, ResultKind, ServiceDescription, Texts
from kiosk.departments.contract.declaration import Answer, NewCase, Service, Visit
from kiosk.departments.contract.forms import choice, form, text
from kiosk.departments.contract.inbox.status import no_more
from kiosk.departments.contract.texts import texts

KINDS: Final[Mapping[str, Texts]] = {
    "rubbish": texts("Rubbish or fly-tipping", "垃圾或乱倒废物", "Lixo ou despejo ilegal"),
    "water": texts("Dirty water", "水体污染", "Água poluída"),
    "air": texts("Smoke or smell", "烟尘或异味", "Fumo ou mau cheiro"),
    "noise": texts("Noise", "噪音", "Ruído"),
    "trees": texts("Trees and green spaces", "树木与绿地", "Árvores e espaços verdes"),
    "other": texts("Something else", "其他", "Outro assunto"),
}
PLACES: Final[Mapping[str, Texts]] = {
    "hengqin": texts("Hengqin, centre", "横琴中心", "Centro de Hengqin"),
    "mangzhou": texts("Mangzhou wetland", "芒洲湿地", "Zona húmida de Mangzhou"),
    "huafa": texts("Huafa and the port", "华发与口岸", "Huafa e o porto"),
    "new-neighbourhood": texts("Macau New Neighbourhood", "澳门新街坊", "Novo Bairro de Macau"),
    "elsewhere": texts("Elsewhere", "其他地点", "Noutro lugar"),
}


VERDICTS: Final[Mapping[str, Texts]] = {
    "mended": texts("It has been put right. Thank you.", "问题已解决，谢谢。", "Já foi resolvido. Obrigado."),
    "passed-on": texts(
        "It is somebody else's task; we have passed it on.",
        "该问题不属本部门职责，已转交处理。",
        "É tarefa de outra entidade; já a informámos.",
    ),
    "nothing-found": texts(
        "We looked and found nothing.", "经现场核查，未发现问题。", "Verificámos e não encontrámos nada."
    ),
}


def report(_session: Session, visit: Visit) -> Answer:
    """Put it before the officers, whatever has become of the card: what was seen was seen."""
    said = (
        OutcomeField(label=texts("Reported", "举报内容", "Assunto"), value=KINDS[visit.input["kind"]]),
        OutcomeField(label=texts("Where", "地点", "Onde"), value=PLACES[visit.input["place"]]),
    )
    words = OutcomeField(label=texts("In their words", "说明", "Por palavras suas"), value=visit.input["words"])
    return Answer(
        title=texts("Thank you, we will look at it", "谢谢，我们会跟进处理", "Obrigado, vamos verificar"),
        fields=said,
        case=NewCase((*said, words)),
    )


PROBLEM_REPORT: Final = Service(
    ServiceDescription(
        code="problem-report",
        titles=texts("Report a problem", "举报环境问题", "Comunicar um problema"),
        summaries=texts(
            "Tell us about rubbish, noise, smoke or dirty water.",
            "反映垃圾、噪音、烟尘或水污染。",
            "Fale-nos de lixo, ruído, fumo ou água poluída.",
        ),
        level=Level.TAP,
        input=form(
            kind=choice(texts("What is it?", "是什么问题？", "O que se passa?"), KINDS),
            place=choice(texts("Where is it?", "在什么地点？", "Onde é?"), PLACES),
            words=text(
                texts("In a few words", "请简要说明", "Em poucas palavras"),
                texts(
                    "What you saw, and the nearest street. No names, please.",
                    "您看到的情况和最近的街道，请勿填写姓名。",
                    "O que viu e a rua mais próxima. Sem nomes, por favor.",
                ),
                longest=200,
            ),
        ),
        result=ResultKind.RECEIPT,
    ),
    report,
    verdicts=VERDICTS,
    withdrawn=no_more,
    offline=True,
)
