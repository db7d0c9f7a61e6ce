"""Enrolling somebody: what is wrong with what was typed, which papers are needed, and sending it, once.

Each step of the sending is noted in the draft before the next begins, and has a key by which the card service knows it
again: where it broke off, it goes on, at this process or the next one.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Final
from uuid import UUID

from pydantic import ValidationError

from cardsvc.client import ServiceClient, ServiceProblem
from cardsvc.wire.lifecycle import Application, ApplicationState, Person
from cardsvc.wire.people import DocumentKind
from kiosk.desk.cropping import Frame, cut_out, size_of, upright
from kiosk.desk.dates import can_be_born, read_date
from kiosk.desk.drafts import PHOTO, Cut, Draft, DraftFolder, DraftUnreadable, Form, new_key
from kiosk.desk.numbers import fault_in, tidy
from kiosk.desk.progress import Report

CONSENT_AGE: Final = 16
"""Whoever is younger needs a guardian, and a paper that says who that is. The card service decides."""
_LATIN: Final = re.compile(r"(?:[A-Za-zÀ-ÖØ-öø-ÿĀ-ž][A-Za-zÀ-ÖØ-öø-ÿĀ-ž ,.'’-]*)?")
_DISTRICT: Final = re.compile(r"[a-z0-9-]{1,40}")
_APPOINTMENT: Final = re.compile(r"(?:[A-Za-z0-9][A-Za-z0-9/._-]{0,39})?")
_EVIDENCE: Final = (DocumentKind.IDENTITY_DOCUMENT, DocumentKind.PROOF_OF_ADDRESS)
_EVIDENCE_OF_MINORS: Final = (*_EVIDENCE, DocumentKind.BIRTH_CERTIFICATE)

Faults = Mapping[str, str]
"""By field of the form: what is wrong with it, as a key of the words."""


def faults_in(form: Form, today: date) -> Faults:
    """What is wrong with what was typed; what is still missing is ``missing``."""
    judged: dict[str, str | None] = {
        "name": _needed(form.name),
        "name_latin": _unless(_LATIN, form.name_latin.strip(), "not-latin"),
        "birth_date": _needed(form.birth_date) or _birth_date_fault(form.birth_date, today),
        "number": _needed(form.number) or fault_in(tidy(form.number), form.paper, read_date(form.birth_date)),
        "district": _needed(form.district) or _unless(_DISTRICT, form.district.strip().lower(), "district-form"),
        "appointment": _unless(_APPOINTMENT, form.appointment.strip(), "appointment-form"),
    }
    return {field: fault for field, fault in judged.items() if fault is not None}


def person_of(form: Form) -> Person | None:
    """Whom the form is about; None while the card service would not take it."""
    try:
        return Person.model_validate(
            {
                "name": form.name.strip(),
                "name_latin": form.name_latin.strip() or None,
                "birth_date": read_date(form.birth_date),
                "document_number": tidy(form.number),
                "district": form.district.strip().lower(),
            }
        )
    except ValidationError:
        return None


def is_minor(born: date, today: date) -> bool:
    """Whether somebody is too young to decide alone."""
    return (today.year - born.year, today.month, today.day) < (CONSENT_AGE, born.month, born.day)


def evidence_for(form: Form, today: date) -> tuple[DocumentKind, ...]:
    """Which papers have to be scanned."""
    born = read_date(form.birth_date)
    return _EVIDENCE_OF_MINORS if born is not None and is_minor(born, today) else _EVIDENCE


def lacking(draft: Draft, today: date) -> list[DocumentKind]:
    """The papers that are not there yet."""
    there = {scan.kind for scan in draft.scans}
    return [kind for kind in evidence_for(draft.form, today) if kind not in there]


# The draft


@dataclass(frozen=True, slots=True)
class Begun:
    """What an officer had begun."""

    draft: Draft | None
    picture: bytes | None = field(default=None, repr=False)
    lost_picture: bool = False
    """There was a photograph, and it is gone or damaged: it is taken again."""


def begun(folder: DraftFolder) -> Begun:
    """What was begun, and the photograph. Raises OSError, and DraftUnreadable after it was put aside."""
    try:
        draft = folder.load()
    except DraftUnreadable:
        folder.put_aside()
        raise
    if draft is None or draft.cut is None:
        return Begun(draft)
    try:
        return Begun(draft, folder.read(PHOTO))
    except (DraftUnreadable, FileNotFoundError):
        draft.cut = None
        return Begun(draft, lost_picture=True)


def photograph(folder: DraftFolder, raw: bytes, since: int) -> tuple[bytes, Frame] | None:
    """Keep a photograph, upright; with the largest part of it. None when its draft is gone (`DraftFolder.write`).

    Raises PhotographRefused, OSError.
    """
    picture = upright(raw)
    frame = Frame.around_the_middle(*size_of(picture))
    return None if folder.write(picture, PHOTO, since=since) is None else (picture, frame)


def own_photograph(folder: DraftFolder, cut: Cut) -> bytes:
    """The part of the photograph that is kept. Raises DraftUnreadable, OSError."""
    return cut_out(folder.read(PHOTO), cut)


# Sending


@dataclass(frozen=True, slots=True)
class Sent:
    """What came of it."""

    application: UUID
    needs_consent: bool
    """It is a draft at the card service: a guardian has to agree before it is submitted."""


class Sender:
    """Takes a draft to the card service. Can be called again after anything went wrong."""

    def __init__(self, service: ServiceClient, folder: DraftFolder, keep: Callable[[Draft], None]) -> None:
        """``keep`` writes the draft, and returns when it is safe."""
        self._service = service
        self._folder = folder
        self._keep = keep

    def send(self, draft: Draft, report: Report) -> Sent:
        """All that is left to do. Raises ServiceProblem, ServiceUnreachable, Cancelled, OSError, DraftUnreadable."""
        total = 3 + len(draft.scans)
        report.step("create", 0, total)
        application, citizen = self._create(draft)
        report.step("photo", 1, total)
        if not draft.photo_stored:
            self._store_photo(draft, citizen)
        for number, scan in enumerate(draft.scans):
            report.step("papers", 2 + number, total)
            if not scan.attached:
                self._service.attach_document(application, scan.kind, self._folder.read(scan.file), key=scan.key)
                scan.attached = True
                self._keep(draft)
        report.step("submit", total - 1, total)
        return Sent(application, needs_consent=not self._submit(draft, application))

    def _create(self, draft: Draft) -> tuple[UUID, UUID]:
        if draft.application is not None and draft.citizen is not None:
            return draft.application, draft.citizen
        person = person_of(draft.form)
        if person is None:
            raise ValueError("the form is not finished")
        draft.sent = True
        self._keep(draft)
        try:
            made = self._service.create_application(person, draft.form.appointment.strip() or None, key=draft.key)
        except ServiceProblem as refusal:
            made = self._refused(draft, person, refusal)
        draft.application, draft.citizen = made.id, made.citizen_id
        self._keep(draft)
        return made.id, made.citizen_id

    def _refused(self, draft: Draft, person: Person, refusal: ServiceProblem) -> Application:
        """The draft that is there already for this very person, by this officer; else it can be put right and sent."""
        earlier = refusal.problem.data.get("application_id")
        if refusal.problem.code == "application-open" and earlier is not None:
            there = self._service.application(UUID(str(earlier)))
            officer = self._service.own_standing().client_id
            if (there.person, there.requested_by, there.state) == (person, officer, ApplicationState.DRAFT):
                return there
        # After these two an earlier try may have been done all the same: it stays as it was sent.
        if refusal.problem.status != 401 and refusal.problem.code != "idempotency-key-in-use":
            draft.sent, draft.key = False, new_key()
            self._keep(draft)
        raise refusal

    def _store_photo(self, draft: Draft, citizen: UUID) -> None:
        if draft.cut is None:
            raise ValueError("there is no photograph")
        self._service.store_photo(citizen, cut_out(self._folder.read(PHOTO), draft.cut))
        draft.photo_stored = True
        self._keep(draft)

    def _submit(self, draft: Draft, application: UUID) -> bool:
        try:
            self._service.submit(application, key=draft.submit_key)
        except ServiceProblem as refusal:
            if refusal.problem.code != "consent-needed":
                raise
            return False
        return True


def send_and_forget(service: ServiceClient, folder: DraftFolder, draft: Draft, report: Report) -> Sent:
    """Send it, noting each step, and leave nothing of it on the desk. Raises what `Sender.send` raises."""
    since = folder.newest

    def keep(kept: Draft) -> None:
        folder.save(kept, folder.next_version(), since=since)

    sent = Sender(service, folder, keep).send(draft, report)
    folder.discard(folder.next_version(), since=since)
    return sent


def _needed(typed: str) -> str | None:
    return None if typed.strip() else "missing"


def _unless(form: re.Pattern[str], text: str, fault: str) -> str | None:
    return None if form.fullmatch(text) else fault


def _birth_date_fault(typed: str, today: date) -> str | None:
    day = read_date(typed)
    if day is None:
        return "no-date"
    return None if can_be_born(day, today) else "implausible-date"
