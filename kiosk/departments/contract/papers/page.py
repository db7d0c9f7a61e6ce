"""The public page of a paper: whether it was given out, and whether it holds today. It names nobody.

A file can be held against the register without leaving the reader's device: the page has the digest of what was given
out, and a script computes that of a file.
"""

from __future__ import annotations

from datetime import datetime
from http import HTTPStatus
from pathlib import Path
from typing import Any, Final

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from sqlalchemy.orm import Session

from cardsvc.wire.manifest import Texts
from kiosk.departments.contract.clock import city_date
from kiosk.departments.contract.papers.models import IssuedPaper
from kiosk.departments.contract.papers.words import ORDER, joined
from kiosk.departments.contract.texts import texts

FOLDER: Final = Path(__file__).parent
FILES: Final = {"compare.js": "text/javascript; charset=utf-8", "page.css": "text/css; charset=utf-8"}
"""What the page consists of besides itself, and its media types."""
HEADERS: Final = {
    "Cache-Control": "no-store",
    "Content-Security-Policy": "default-src 'none'; style-src 'self'; script-src 'self'; base-uri 'none'; "
    "form-action 'none'; frame-ancestors 'none'",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
}

VALID: Final = texts("This paper is valid", "本文件有效", "Este documento é válido")
OVER: Final = texts("This paper is no longer valid", "本文件已过期", "Este documento já não é válido")
WITHDRAWN: Final = texts("This paper was withdrawn", "本文件已被撤销", "Este documento foi revogado")
UNKNOWN: Final = texts(
    "No paper of this number was given out",
    "没有签发过此编号的文件",
    "Não foi emitido nenhum documento com este número",
)
_WORDS: Final = {
    "compare": texts(
        "Compare your file with the register. It does not leave this device.",
        "将您的文件与登记信息比对，文件不会离开本设备。",
        "Compare o seu ficheiro com o registo. Ele não sai deste dispositivo.",
    ),
    "same": texts("The file is the one that was given out.", "文件与签发的一致。", "O ficheiro é o que foi emitido."),
    "different": texts(
        "This is not the file that was given out.", "文件与签发的不一致。", "Este não é o ficheiro que foi emitido."
    ),
}

_templates: Final = Environment(loader=FileSystemLoader(FOLDER), autoescape=True, undefined=StrictUndefined)
_templates.filters["joined"] = joined


def page_of(session: Session, number: str, issuer: Texts, now: datetime) -> tuple[HTTPStatus, str]:
    """The page of the paper with this number."""
    paper = session.get(IssuedPaper, number)
    if paper is None:
        return HTTPStatus.NOT_FOUND, _page(UNKNOWN, [], "")
    lines = [
        (texts("Issued by", "签发部门", "Emitido por"), joined(issuer)),
        (texts("Paper", "文件", "Documento"), joined(paper.titles)),
        (texts("Number", "编号", "Número"), paper.number),
        (texts("Issued on", "签发日期", "Emitido em"), city_date(paper.issued_at).isoformat()),
        (texts("Valid until", "有效期至", "Válido até"), paper.valid_until.isoformat()),
        (texts("SHA-256 of the file", "文件的SHA-256值", "SHA-256 do ficheiro"), paper.sha256.hex()),
    ]
    return HTTPStatus.OK, _page(_verdict(paper, now), lines, paper.sha256.hex())


def _verdict(paper: IssuedPaper, now: datetime) -> Texts:
    if paper.withdrawn_at is not None:
        return WITHDRAWN
    return OVER if city_date(now) > paper.valid_until else VALID


def _page(verdict: Texts, lines: list[tuple[Texts, str]], sha256: str) -> str:
    shown: dict[str, Any] = {"verdict": verdict, "good": verdict is VALID, "lines": lines, "sha256": sha256}
    return _templates.get_template("page.html").render(languages=ORDER, **shown, **_WORDS)
