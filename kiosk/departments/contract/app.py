"""The HTTP side of a department: manifest, health and services."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import AbstractAsyncContextManager, asynccontextmanager, suppress
from http import HTTPStatus
from typing import Annotated, Final

import structlog
from fastapi import FastAPI, Header, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import HTMLResponse, JSONResponse, Response
from pydantic import BaseModel
from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException

from cardsvc.wire.manifest import (
    IDEMPOTENCY_HEADER,
    MANIFEST_PATH,
    Admission,
    AdmissionRequest,
    Outcome,
    PreparationRequest,
    PreparedDocument,
    ServiceRequest,
    admission_path,
    prepare_path,
    service_path,
)
from cardsvc.wire.problems import PROBLEM_MEDIA_TYPE, Problem
from kiosk.departments.contract.inbox.routes import inbox_of
from kiosk.departments.contract.limits import LimitedBody
from kiosk.departments.contract.papers.page import FILES, FOLDER, HEADERS, page_of
from kiosk.departments.contract.papers.press import PATH, Press
from kiosk.departments.contract.problems import headers_of, problem_of
from kiosk.departments.contract.refusals import (
    DepartmentFailed,
    IdempotencyKeyMissing,
    MalformedRequest,
    Refusal,
    RequestTooLarge,
)
from kiosk.departments.contract.serving import Office

SECONDS_BETWEEN_CLEANING: Final = 600
_KEY: Final = re.compile(r'("?)([A-Za-z0-9_-]{16,64})\1')
"""Bare, or quoted as a structured field. Short keys would make fingerprints guessable."""

_NOT_STORED: Final = {"Cache-Control": "no-store"}

_log = structlog.get_logger()


def create_app(office: Office) -> FastAPI:
    """The department's application."""
    app = FastAPI(title=office.department.code, lifespan=_lifespan(office), docs_url=None, redoc_url=None)
    app.add_middleware(LimitedBody, too_large=_problem(problem_of(RequestTooLarge())))
    app.exception_handler(Refusal)(_refused)
    app.exception_handler(RequestValidationError)(_malformed)
    app.exception_handler(HTTPException)(_not_served)
    app.exception_handler(Exception)(_failed)
    _add_reading(app, office)
    _add_services(app, office)
    if office.press is not None:
        _add_papers(app, office, office.press)
    if office.department.decides:
        app.include_router(inbox_of(office))
    return app


def idempotency_key(header: str | None) -> str:
    """The key in the header, without its quotes. Raises IdempotencyKeyMissing."""
    match = _KEY.fullmatch(header or "")
    if match is None:
        raise IdempotencyKeyMissing
    return match.group(2)


def _add_reading(app: FastAPI, office: Office) -> None:
    @app.get(MANIFEST_PATH)
    def manifest() -> Response:
        content = office.department.manifest.model_dump_json()
        return Response(content, media_type="application/json", headers={"Cache-Control": "max-age=60"})

    @app.get("/healthz")
    def healthz() -> dict[str, str]:
        with office.sessions() as session:
            session.execute(text("SELECT 1"))
        return {"status": "ok"}


def _add_services(app: FastAPI, office: Office) -> None:
    @app.post(service_path("{code}"), response_model=Outcome)
    def serve(
        code: str, asked: ServiceRequest, key: Annotated[str | None, Header(alias=IDEMPOTENCY_HEADER)] = None
    ) -> Response:
        checked = idempotency_key(key)
        return _answer(code, lambda: office.serve(code, checked, asked))

    if office.department.has_signed:

        @app.post(prepare_path("{code}"), response_model=PreparedDocument)
        def prepare(code: str, asked: PreparationRequest) -> Response:
            return _answer(code, lambda: office.prepare(code, asked))

    if any(two.photograph for two in office.department.manifest.in_turn):

        @app.post(admission_path("{code}"), response_model=Admission)
        def admit(code: str, asked: AdmissionRequest) -> Response:
            return _answer(code, lambda: office.admit(code, asked))


def _add_papers(app: FastAPI, office: Office, press: Press) -> None:
    def page(number: str) -> Response:
        with office.sessions() as session:
            status, content = page_of(session, number, press.issuer, office.clock())
        return HTMLResponse(content, status, HEADERS)

    def file(name: str) -> Callable[[], Response]:
        content = (FOLDER / name).read_bytes()
        return lambda: Response(content, media_type=FILES[name], headers=HEADERS)

    for name in FILES:
        app.add_api_route(f"/papers/{name}", file(name), response_model=None)
    app.add_api_route(PATH, page, response_model=None)


def _answer(code: str, work: Callable[[], BaseModel]) -> Response:
    try:
        result = work()
    except Refusal:
        raise
    except Exception as error:
        # Answered here, not by the framework: that would drop the connection, and the citizen get no sentence.
        _log.exception("service failed", service=code)
        raise DepartmentFailed from error
    if isinstance(result, Problem):
        return _problem(result)
    return Response(result.model_dump_json(), media_type="application/json", headers=_NOT_STORED)


def _problem(problem: Problem, headers: Mapping[str, str] | None = None) -> Response:
    content = problem.model_dump(mode="json", exclude_none=True)
    return JSONResponse(content, problem.status, {**_NOT_STORED, **(headers or {})}, PROBLEM_MEDIA_TYPE)


def _refused(_request: Request, error: Refusal) -> Response:
    return _problem(problem_of(error), headers_of(error))


def _malformed(_request: Request, error: RequestValidationError) -> Response:
    # Places and rules only: the errors also quote what was sent.
    places = sorted({".".join(map(str, each["loc"])) for each in error.errors()})
    return _problem(problem_of(MalformedRequest(", ".join(places))))


def _not_served(_request: Request, error: HTTPException) -> Response:
    if error.status_code == HTTPStatus.BAD_REQUEST:  # FastAPI's answer to a body that is no JSON at all
        return _problem(problem_of(MalformedRequest("the body is not JSON")))
    title = HTTPStatus(error.status_code).phrase
    return _problem(Problem(type="about:blank", title=title, status=error.status_code), error.headers)


def _failed(_request: Request, _error: Exception) -> Response:
    status = HTTPStatus.INTERNAL_SERVER_ERROR
    return _problem(Problem(type="about:blank", title=status.phrase, status=status))


def _lifespan(office: Office) -> Callable[[FastAPI], AbstractAsyncContextManager[None]]:
    @asynccontextmanager
    async def lifespan(_app: FastAPI) -> AsyncIterator[None]:
        cleaning = asyncio.create_task(_clean(office))
        yield
        cleaning.cancel()
        with suppress(asyncio.CancelledError):
            await cleaning

    return lifespan


async def _clean(office: Office) -> None:
    while True:
        try:
            await run_in_threadpool(office.forget)
        except SQLAlchemyError as error:  # the database may be away for a while; the next round will do
            _log.warning("kept answers not cleaned", error=type(error).__name__)
        await asyncio.sleep(SECONDS_BETWEEN_CLEANING)
