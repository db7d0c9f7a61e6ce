"""What the inbox says to officers, in the language of their choice."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from cardsvc.wire.manifest import Language, Texts, text_in
from kiosk.departments.contract.texts import texts

NAMES: Final[Mapping[Language, str]] = {
    Language.ENGLISH: "English",
    Language.CHINESE: "简体中文",
    Language.PORTUGUESE: "Português",
}
WORDS: Final[Mapping[str, Texts]] = {
    "sign_in": texts("Sign in", "登录", "Entrar"),
    "sign_in_title": texts("Sign in to the inbox", "登录收件箱", "Entrar na caixa de entrada"),
    "sign_in_hint": texts(
        "This link works once, and for one working day on this computer.",
        "此链接仅可使用一次，在本机登录后一个工作日内有效。",
        "Esta ligação funciona uma vez, e durante um dia de trabalho neste computador.",
    ),
    "inbox": texts("Inbox", "收件箱", "Caixa de entrada"),
    "waiting": texts("waiting", "件待处理", "à espera"),
    "nobody": texts("Nobody is waiting.", "目前没有待处理事项。", "Ninguém está à espera."),
    "since": texts("Since", "提交时间", "Desde"),
    "what": texts("What", "事项", "O quê"),
    "receipt": texts("Receipt", "回执编号", "Recibo"),
    "settled": texts("Settled", "已处理", "Decididos"),
    "when": texts("When", "处理时间", "Quando"),
    "verdict": texts("Verdict", "结果", "Decisão"),
    "by": texts("By", "处理人", "Por"),
    "citizen": texts("the citizen", "本人", "o próprio"),
    "note": texts(
        "A note for the citizen (optional; the citizen reads it as it stands)",
        "给居民的说明（选填，居民将看到原文）",
        "Uma nota para o cidadão (facultativa; o cidadão lê-a tal como está)",
    ),
    "language": texts("Language", "语言", "Língua"),
}


def words_in(language: Language) -> dict[str, str]:
    """All of them."""
    return {name: text_in(said, language) for name, said in WORDS.items()}


def preferred(accepted: str) -> Language:
    """The first of a browser's languages (``Accept-Language``) that the inbox speaks; English where it speaks none."""
    for wanted in accepted.lower().split(","):
        name = wanted.partition(";")[0].strip()
        for language in Language:
            if name.partition("-")[0] == language.value.partition("-")[0]:
                return language
    return Language.ENGLISH
