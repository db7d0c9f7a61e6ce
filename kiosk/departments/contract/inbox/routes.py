"""The inbox page over HTTP: for officers who came in by their link, on this department's own pages alone.

Forms are posted by the pages themselves: the cookie goes with no request of another site (SameSite=Strict), and a
request that changes something must come from this origin.
"""

from __future__ import annotations

from contextlib import suppress
from http import HTTPStatus
from typing import Annotated, Final
from uuid import UUID

from fastapi import APIRouter, Cookie, Form, Request
from fastapi.responses import HTMLResponse, PlainTextResponse, RedirectResponse, Response

from cardsvc.wire.manifest import Language
from kiosk.departments.contract.declaration import Service
from kiosk.departments.contract.inbox import pages
from kiosk.departments.contract.inbox.access import SIGNED_IN_FOR, enter, officer_of
from kiosk.departments.contract.inbox.cases import CaseRefused, get_case, open_cases, settle, settled_cases
from kiosk.departments.contract.inbox.models import Case
from kiosk.departments.contract.inbox.words import preferred
from kiosk.departments.contract.serving import Office
from kiosk.departments.contract.storage import in_transaction

COOKIE: Final = "department_inbox"
LANGUAGE: Final = "inbox_language"
PATH: Final = "/inbox"
SETTLED: Final = 50
"""So many settled cases are listed below the open ones."""

CookieValue = Annotated[str, Cookie(alias=COOKIE, max_length=64)]
Code = Annotated[str, Form(max_length=64)]


def inbox_of(office: Office) -> APIRouter:
    """The routes of one department's inbox."""
    router = APIRouter(prefix=PATH, include_in_schema=False)
    _add_entrance(router, office)
    _add_choosing(router)
    _add_reading(router, office)
    _add_settling(router, office)
    return router


def _add_entrance(router: APIRouter, office: Office) -> None:
    @router.get("/enter/{code}")
    def show_entrance(request: Request, code: str) -> Response:
        # A link that is only looked at, by a mail program say, is not used up: a person presses the button.
        return _html(pages.entrance(office.department, _language(request), code))

    @router.post("/enter")
    def come_in(request: Request, code: Code) -> Response:
        if not _is_ours(request):
            return _refused(HTTPStatus.FORBIDDEN, "Only this department's own pages may do this.")
        cookie = in_transaction(office.sessions, lambda session: enter(session, code, office.clock()))
        if cookie is None:
            return _refused(HTTPStatus.UNAUTHORIZED, "This link was used, or its hour is over. Ask for another one.")
        answer = RedirectResponse(PATH, HTTPStatus.SEE_OTHER, pages.HEADERS)
        secure = request.url.scheme == "https"
        seconds = int(SIGNED_IN_FOR.total_seconds())
        answer.set_cookie(COOKIE, cookie, seconds, path=PATH, secure=secure, httponly=True, samesite="strict")
        return answer

    @router.get("/inbox.css")
    def style() -> Response:
        return Response(pages.STYLE, media_type="text/css", headers=pages.HEADERS)


def _add_choosing(router: APIRouter) -> None:
    @router.post("/language")
    def choose(request: Request, language: Annotated[Language, Form()]) -> Response:
        if not _is_ours(request):
            return _refused(HTTPStatus.FORBIDDEN, "Only this department's own pages may do this.")
        answer = RedirectResponse(PATH, HTTPStatus.SEE_OTHER, pages.HEADERS)
        secure = request.url.scheme == "https"
        answer.set_cookie(LANGUAGE, language.value, path=PATH, secure=secure, httponly=True, samesite="strict")
        return answer


def _language(request: Request) -> Language:
    """The one that was chosen, else the browser's."""
    with suppress(ValueError):
        return Language(request.cookies.get(LANGUAGE, ""))
    return preferred(request.headers.get("accept-language", ""))


def _add_reading(router: APIRouter, office: Office) -> None:
    @router.get("")
    def list_cases(request: Request, cookie: CookieValue = "") -> Response:
        with office.sessions() as session:
            officer = officer_of(session, cookie, office.clock())
            if officer is None:
                return _signed_out()
            waiting, settled = open_cases(session), settled_cases(session, SETTLED)
            return _html(pages.listing(office.department, _language(request), officer, waiting, settled))

    @router.get("/{case_id}")
    def show_case(request: Request, case_id: UUID, cookie: CookieValue = "") -> Response:
        with office.sessions() as session:
            officer = officer_of(session, cookie, office.clock())
            if officer is None:
                return _signed_out()
            try:
                case = get_case(session, case_id)
                service = _service_of(office, case)
                return _html(pages.case(office.department, _language(request), officer, case, service))
            except CaseRefused as refusal:
                return _refused(HTTPStatus.NOT_FOUND, str(refusal))


def _add_settling(router: APIRouter, office: Office) -> None:
    @router.post("/{case_id}")
    def settle_case(
        request: Request,
        case_id: UUID,
        verdict: Annotated[str, Form(max_length=40)],
        note: Annotated[str, Form(max_length=300)] = "",
        cookie: CookieValue = "",
    ) -> Response:
        if not _is_ours(request):
            return _refused(HTTPStatus.FORBIDDEN, "Only this department's own pages may do this.")
        if not note.replace("\n", " ").replace("\r", " ").isprintable():
            return _refused(HTTPStatus.UNPROCESSABLE_ENTITY, "The note has characters that cannot be shown.")
        with office.sessions.begin() as session:
            officer = officer_of(session, cookie, office.clock())
            if officer is None:
                return _signed_out()
            try:
                service = _service_of(office, get_case(session, case_id))
                said = " ".join(note.split())
                settle(session, service, case_id, verdict, note=said, officer=officer, now=office.clock())
            except CaseRefused as refusal:
                return _refused(HTTPStatus.CONFLICT, str(refusal))
        return RedirectResponse(PATH, HTTPStatus.SEE_OTHER, pages.HEADERS)


def _service_of(office: Office, case: Case) -> Service:
    service = office.department.service(case.service)
    if service is None:
        raise CaseRefused("The service of this case is not offered any more.")
    return service


def _is_ours(request: Request) -> bool:
    return request.headers.get("origin") == f"{request.url.scheme}://{request.headers.get('host', '')}"


def _html(content: str) -> Response:
    return HTMLResponse(content, headers=pages.HEADERS)


def _signed_out() -> Response:
    return _refused(HTTPStatus.UNAUTHORIZED, "Open the link that was made for you: kiosk departments invite.")


def _refused(status: HTTPStatus, said: str) -> Response:
    return PlainTextResponse(said + "\n", status, pages.HEADERS)
