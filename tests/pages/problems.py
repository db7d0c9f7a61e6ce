"""``docs/problems.md``: every problem that the service may answer with, written from the code.

make docs
"""

from __future__ import annotations

import ast
import importlib
import inspect
import pkgutil
import re
import textwrap
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Final

import cardsvc
from cardsvc.api.general_problems import GENERAL
from cardsvc.api.problems import answer_to
from cardsvc.errors import ServiceError
from cardsvc.wire.problems import PROBLEM_TYPE_PREFIX

PAGE: Final = Path(__file__).parents[2] / "docs" / "problems.md"
_UNREMARKABLE: Final = "invalid_request"
_HEAD: Final = f"""\
# Problems

A refusal is a problem (RFC 9457, `application/problem+json`): `type`, `title`, `status`, mostly a `detail` that says
what to do, an `instance` by which an operator finds the log, and the members that are named below.
**`type` is stable**: it is `{PROBLEM_TYPE_PREFIX}` and one of these codes. Programs decide by it, and by nothing else;
`title` and `detail` are for people and may change. A code keeps its meaning and its status; when one is given up, the
changelog says so. The `type` is a name, no address (RFC 9457 §3.1.1 knows both): what it means stands here.

A sentence in italics is the `detail`, with … for what is filled in. Where it does not say what to do, the status does:

| status | what to do |
|---|---|
| 400, 413, 422 | Mend the request. The same one is refused again. |
| 401 | Get a new access token; at `step-up-required`, have the citizen prove more. |
| 403 | Do not ask again: the caller, or the card, may not. Somebody has to allow it first. |
| 404 | Look at the id or the code. Whoever may not know of a thing gets this too. |
| 405 | Use a method that `Allow` names. |
| 409 | Read anew how things stand, and decide again. |
| 410 | Its time is over: begin anew. |
| 429 | Wait for as many seconds as `Retry-After` says. |
| 500, 503 | Ask again in a moment, with the same `Idempotency-Key`, if the problem says nothing else. |

At the token endpoint a refusal is an OAuth error (RFC 6749 §5.2) instead: `problem` is the code, and `error` what is
given here as *OAuth*, otherwise `{_UNREMARKABLE}`. Its status is 401 for `invalid_client`, 429 for
`temporarily_unavailable`, and 400 for all others.

Some of these end what is done at the command line or over a desk's WebSocket, and never answer a request.

This page is written from the code by `make docs`, and a test holds them together.

"""


def write() -> str:
    """The page."""
    return _HEAD + "\n\n".join(_paragraphs()) + "\n"


@cache
def refusals() -> tuple[type[ServiceError], ...]:
    """The classes that can be raised: those with a code, wherever in the package."""
    for module in pkgutil.walk_packages(cardsvc.__path__, "cardsvc."):
        importlib.import_module(module.name)
    found = {kind for kind in _descendants(ServiceError) if hasattr(kind, "code")}
    return tuple(sorted(found, key=lambda kind: (_domain(kind), kind.code)))


def statuses() -> dict[str, int]:
    """The status of each code there is."""
    ours = {kind.code: int(answer_to(kind).status) for kind in refusals()}
    return ours | {code: int(general.status) for code, general in GENERAL.items()}


def _descendants(kind: type[ServiceError]) -> Iterator[type[ServiceError]]:
    for child in kind.__subclasses__():
        if child.__module__.startswith("cardsvc."):
            yield child
            yield from _descendants(child)


def _domain(kind: type[ServiceError]) -> str:
    return kind.__module__.split(".")[1].replace("_", " ").capitalize()


def _paragraphs() -> Iterator[str]:
    yield "## Any request"
    for code, general in sorted(GENERAL.items()):
        yield from (_heading(code), _facts(code, general.status, general.title), general.meaning)
    domain = ""
    for kind in refusals():
        if _domain(kind) != domain:
            domain = _domain(kind)
            yield f"## {domain}"
        yield from _entry(kind)


def _entry(kind: type[ServiceError]) -> Iterator[str]:
    answer, (detail, members) = answer_to(kind), _told(kind)
    yield _heading(kind.code)
    yield _facts(kind.code, answer.status, kind.title, answer.oauth)
    yield _meaning(kind) + (f" *{detail}*" if detail else " The `detail` says more.")
    if members:
        yield "Members: " + ", ".join(f"`{name}`" for name in members) + "."


def _heading(code: str) -> str:
    return f"### {code}"


def _facts(code: str, status: int, title: str, oauth: str = _UNREMARKABLE) -> str:
    beside = "" if oauth == _UNREMARKABLE else f" · OAuth `{oauth}`"
    return f"`{PROBLEM_TYPE_PREFIX}{code}` · {int(status)}{beside} · {title}"


def _meaning(kind: type[ServiceError]) -> str:
    text = re.sub(r"\s+", " ", inspect.getdoc(kind) or "").replace("``", "`")
    return re.sub(r"^(?:Raised|Given back) (\w)", lambda found: found[1].upper(), text)


def _told(kind: type[ServiceError]) -> tuple[str, list[str]]:
    """The sentence that its constructor always says, and the members it carries; one without is told both when made."""
    owner = next(one for one in kind.__mro__ if "__init__" in vars(one))
    if owner is ServiceError:
        return "", sorted({word.arg for call in _made(kind.__name__) for word in call.keywords if word.arg})
    source = inspect.getsource(vars(owner)["__init__"])
    said = list(_calls(source, "super().__init__"))
    members = {word.arg for call in said for word in call.keywords if word.arg}
    return " ".join(_text(call.args[0]) for call in said), sorted(members.union(re.findall(r'"([\w-]+)": ', source)))


def _made(name: str) -> list[ast.Call]:
    """Every place where a refusal of this name is made."""
    sources = (path.read_text() for path in sorted(Path(cardsvc.__path__[0]).rglob("*.py")))
    return [call for source in sources if f"{name}(" in source for call in _calls(source, name)]


def _calls(source: str, function: str) -> Iterator[ast.Call]:
    for node in ast.walk(ast.parse(textwrap.dedent(source))):
        if isinstance(node, ast.Call) and ast.unparse(node.func) == function:
            yield node


def _text(node: ast.expr) -> str:
    """A sentence as it stands in the code, … where something is filled in; nothing for anything else."""
    if isinstance(node, ast.Constant):
        return str(node.value)
    if isinstance(node, ast.JoinedStr):
        return "".join(str(part.value) if isinstance(part, ast.Constant) else "…" for part in node.values)
    return ""


if __name__ == "__main__":
    PAGE.write_text(write(), encoding="utf-8")
