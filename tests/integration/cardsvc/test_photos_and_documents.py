"""Photographs and scanned documents over HTTP: sealed, listed, opened on record; what is too large is not read."""

from __future__ import annotations

from collections.abc import Iterator
from io import BytesIO
from uuid import UUID, uuid4

import httpx
import pytest
from PIL import Image
from sqlalchemy import select, text

from cardsvc.callers.models import CallerKind
from cardsvc.citizens.models import Citizen
from cardsvc.client import ServiceClient, ServiceProblem
from cardsvc.db import reading, transaction
from cardsvc.issuance.models import Application
from cardsvc.wire.lifecycle import ApplicationState
from cardsvc.wire.people import DocumentKind, Purpose
from tests.fixtures.issuance import MEI
from tests.fixtures.pictures import HTML, PDF, SVG, picture, with_metadata
from tests.fixtures.proofs import City

LOOK = Purpose.APPLICATION


def clerk(city: City) -> ServiceClient:
    return city.caller("ana", CallerKind.OFFICER) if "ana" not in city.keys else city.client("ana")


def drafted(city: City) -> tuple[UUID, UUID]:
    """An application, and whose it is."""
    application = clerk(city).create_application(MEI)
    with reading(city.services.sessions) as session:
        return application.id, session.scalars(select(Citizen.id)).one()


def stored(city: City) -> bytes:
    with reading(city.services.sessions) as session:
        rows = [session.execute(text(f"SELECT sealed FROM {table}")).scalars() for table in ("photos", "documents")]  # noqa: S608 (ours)
        return b"".join(bytes(sealed) for table in rows for sealed in table)


def refused(city: City, method: str, path: str, content: bytes | Iterator[bytes]) -> tuple[int, str, str | None]:
    token = clerk(city).access_token()
    response = city.http().request(method, path, content=content, headers={"Authorization": f"Bearer {token}"})
    problem = response.json()
    return response.status_code, problem["type"].rpartition(":")[2], problem.get("reason")


def test_a_photograph_is_kept_sealed_and_shown_for_a_purpose(city: City) -> None:
    _, person = drafted(city)
    ana = clerk(city)
    info = ana.store_photo(person, with_metadata())
    assert (info.width, info.height, info.stored_by) == (700, 900, "ana")
    assert ana.open_person(person, LOOK).photo == info
    jpeg = ana.open_photo(person, Purpose.COLLECTION, "A-1")
    with Image.open(BytesIO(jpeg)) as image:
        assert (image.format, image.size) == ("JPEG", (700, 900))
    assert b"SECRET" not in jpeg
    assert b"JFIF" not in stored(city)
    (entry,) = city.audit("photo.open")
    assert (entry.citizen_id, entry.detail) == (person, {"purpose": "collection", "reference": "A-1"})


def test_another_photograph_takes_the_place_of_the_first(city: City) -> None:
    _, person = drafted(city)
    clerk(city).store_photo(person, picture())
    assert clerk(city).store_photo(person, picture(500, 640, "PNG")).width == 500
    with Image.open(BytesIO(clerk(city).open_photo(person, LOOK))) as image:
        assert image.size == (500, 640)


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", "not-a-picture"),
        (SVG, "not-a-picture"),
        (HTML, "not-a-picture"),
        (PDF, "not-a-picture"),
        (picture(300, 400), "too-small"),
        (picture(900, 700), "wrong-shape"),
        (picture()[:-1000], "broken"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_what_is_no_photograph_is_refused_and_recorded(sqlite_city: City, content: bytes, reason: str) -> None:
    _, person = drafted(sqlite_city)
    path = f"/v1/people/{person}/photo"
    assert refused(sqlite_city, "PUT", path, content) == (422, "photo-refused", reason)
    (entry,) = sqlite_city.audit("request")
    assert (entry.outcome, entry.actor, entry.citizen_id) == ("photo-refused", "ana", person)


@pytest.mark.parametrize(("method", "place"), [("PUT", "people/{}/photo"), ("POST", "applications/{}/documents")])
def test_fifty_megabytes_are_refused_before_they_are_read(sqlite_city: City, method: str, place: str) -> None:
    token = clerk(sqlite_city).access_token()
    path = f"/v1/{place.format(uuid4())}?kind=other"
    sent: list[str] = []

    async def receive() -> dict[str, object]:
        sent.append("read")
        return {"type": "http.request", "body": b"x" * 65536, "more_body": True}

    request = httpx.Request(method, f"http://city{path}", headers={"Content-Length": "50000000"})
    answer = sqlite_city.transport.handle_unread(request, receive, {"Authorization": f"Bearer {token}"})
    assert answer == 413
    assert sent == []


def test_fifty_megabytes_that_do_not_say_so_are_cut_off(sqlite_city: City) -> None:
    _, person = drafted(sqlite_city)
    chunks = (b"\xff" * 65536 for _ in range(800))
    assert refused(sqlite_city, "PUT", f"/v1/people/{person}/photo", chunks)[:2] == (413, "request-too-large")


def test_nobody_else_gets_a_large_body_read(sqlite_city: City) -> None:
    """The limit of a photograph holds for photographs alone, and for callers who may send one."""
    drafted(sqlite_city)
    assert refused(sqlite_city, "POST", "/v1/people/search", b" " * 100_000)[:2] == (413, "request-too-large")
    kiosk = sqlite_city.caller("kiosk-1").access_token()
    for token, status in ((kiosk, 403), ("made-up", 401)):
        answer = sqlite_city.http().put(
            f"/v1/people/{uuid4()}/photo", content=picture(), headers={"Authorization": f"Bearer {token}"}
        )
        assert answer.status_code == status


def test_a_photograph_of_nobody(sqlite_city: City) -> None:
    _, person = drafted(sqlite_city)
    assert refused(sqlite_city, "PUT", f"/v1/people/{uuid4()}/photo", picture())[:2] == (404, "no-such-citizen")
    with pytest.raises(ServiceProblem) as caught:
        clerk(sqlite_city).open_photo(person, LOOK)
    assert (caught.value.problem.code, caught.value.problem.status) == ("no-photo", 404)


def test_documents_are_attached_listed_and_opened_as_they_came(city: City) -> None:
    application, person = drafted(city)
    ana = clerk(city)
    scan = picture(1200, 1700)
    first = ana.attach_document(application, DocumentKind.IDENTITY_DOCUMENT, scan)
    second = ana.attach_document(application, DocumentKind.PROOF_OF_ADDRESS, PDF)
    assert list(ana.documents(application)) == [first, second]
    assert (first.media_type, first.size, first.added_by) == ("image/jpeg", len(scan), "ana")
    assert ana.open_document(application, first.id, LOOK) == scan
    assert ana.open_document(application, second.id, LOOK) == PDF
    assert PDF not in stored(city)
    assert [(entry.citizen_id, entry.detail["document"]) for entry in city.audit("document.open")] == [
        (person, str(first.id)),
        (person, str(second.id)),
    ]


def test_a_file_is_handed_out_so_that_no_browser_runs_it(sqlite_city: City) -> None:
    application, _ = drafted(sqlite_city)
    document = clerk(sqlite_city).attach_document(application, DocumentKind.OTHER, PDF)
    token = clerk(sqlite_city).access_token()
    answer = sqlite_city.http().post(
        f"/v1/applications/{application}/documents/{document.id}/open",
        json={"purpose": "application"},
        headers={"Authorization": f"Bearer {token}"},
    )
    assert answer.headers["Content-Type"] == "application/pdf"
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert answer.headers["Cache-Control"] == "no-store"
    assert answer.headers["Content-Disposition"] == "attachment"
    assert "sandbox" in answer.headers["Content-Security-Policy"]


@pytest.mark.parametrize("content", [b"", SVG, HTML, b"MZ\x90", PDF[:-6]], ids=["empty", "svg", "html", "exe", "torn"])
def test_what_is_no_scan_is_refused(sqlite_city: City, content: bytes) -> None:
    application, _ = drafted(sqlite_city)
    path = f"/v1/applications/{application}/documents?kind=other"
    assert refused(sqlite_city, "POST", path, content)[:2] == (422, "document-refused")
    assert list(clerk(sqlite_city).documents(application)) == []


def test_documents_of_an_application_that_is_over_or_submitted(city: City) -> None:
    application, _ = drafted(city)
    ana, bo = clerk(city), city.caller("bo", CallerKind.OFFICER)
    document = ana.attach_document(application, DocumentKind.OTHER, PDF)
    wrong = ana.attach_document(application, DocumentKind.OTHER, picture())
    assert ana.remove_document(application, wrong.id) == [document]
    ana.submit(application)
    with pytest.raises(ServiceProblem) as caught:
        ana.remove_document(application, document.id)
    assert caught.value.problem.data == {"reason": "submitted"}
    bo.reject(application, "illegible")
    path = f"/v1/applications/{application}/documents?kind=other"
    assert refused(city, "POST", path, PDF) == (422, "document-refused", "application-over")


def test_whoever_collects_a_card_signs_for_it_when_it_is_made(sqlite_city: City) -> None:
    application, _ = drafted(sqlite_city)
    with transaction(sqlite_city.services.sessions) as session:
        session.get_one(Application, application).state = ApplicationState.PRODUCED
    ana = clerk(sqlite_city)
    signed = ana.attach_document(application, DocumentKind.COLLECTION_RECEIPT, picture())
    assert list(ana.documents(application)) == [signed]


def test_a_document_belongs_to_its_application(sqlite_city: City) -> None:
    application, _ = drafted(sqlite_city)
    document = clerk(sqlite_city).attach_document(application, DocumentKind.OTHER, PDF)
    other = clerk(sqlite_city).create_application(MEI.model_copy(update={"document_number": "X1234567"}))
    for place, identity in ((other.id, document.id), (application, uuid4())):
        with pytest.raises(ServiceProblem) as caught:
            clerk(sqlite_city).open_document(place, identity, LOOK)
        assert caught.value.problem.code == "no-such-document"


def test_an_application_has_at_most_twenty_documents(sqlite_city: City) -> None:
    application, _ = drafted(sqlite_city)
    for _ in range(20):
        clerk(sqlite_city).attach_document(application, DocumentKind.OTHER, PDF)
    path = f"/v1/applications/{application}/documents?kind=other"
    assert refused(sqlite_city, "POST", path, PDF) == (422, "document-refused", "too-many")
