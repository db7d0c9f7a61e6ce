"""A draft goes to the card service once, wherever the connection, the service or the desk breaks off."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from pathlib import Path

import pytest

from cardsvc.callers.models import CallerKind
from cardsvc.client import ServiceClient, ServiceProblem, ServiceUnreachable
from cardsvc.wire.lifecycle import ApplicationState
from cardsvc.wire.people import DocumentKind, Purpose
from kiosk.city.portraits import portrait
from kiosk.desk.cropping import Frame, size_of, upright
from kiosk.desk.drafts import PHOTO, PURPOSE, Dismissal, Draft, DraftFolder, Form, Scan
from kiosk.desk.duplicates import Lookout, ask, can_be_told_apart, compare, questions, side_by_side, whole
from kiosk.desk.enrolment import Sender, Sent, person_of
from kiosk.desk.numbers import Paper
from kiosk.desk.progress import Report
from tests.fixtures.lines import Line
from tests.fixtures.proofs import BASE_URL, City

CLERK = "cy"
TODAY = date(2026, 11, 29)
STEPS = ["applications", "photo", "documents", "documents", "submit"]


@dataclass
class Clerk:
    city: City
    folder: Path
    line: Line

    def __post_init__(self) -> None:
        self.service = ServiceClient(BASE_URL, CLERK, self.city.keys[CLERK], clock=self.city.clock, transport=self.line)

    def drafts(self) -> DraftFolder:
        return DraftFolder(self.folder, self.service.derive_secret(PURPOSE), CLERK)

    def begin(self, **form: str) -> None:
        drafts = self.drafts()
        photo = upright(portrait("a"))
        drafts.write(photo, PHOTO)
        scans = [
            Scan(kind=kind, file=drafts.write(portrait(kind)))
            for kind in (DocumentKind.IDENTITY_DOCUMENT, DocumentKind.PROOF_OF_ADDRESS)
        ]
        typed = {"name": "黄小明", "birth_date": "1990-05-06", "number": "Q700100", "district": "hengqin", **form}
        filled = Form(paper=Paper.OTHER, **typed)
        drafts.save(
            Draft(form=filled, cut=Frame.around_the_middle(*size_of(photo)).cut, scans=scans), drafts.next_version()
        )

    def send(self) -> Sent:
        """As a process that has just started."""
        drafts = self.drafts()
        draft = drafts.load()
        assert draft is not None
        return Sender(self.service, drafts, lambda kept: drafts.save(kept, drafts.next_version())).send(draft, Report())


@pytest.fixture
def clerk(sqlite_city: City, tmp_path: Path) -> Clerk:
    sqlite_city.caller(CLERK, CallerKind.OFFICER)
    return Clerk(sqlite_city, tmp_path, Line(sqlite_city.transport))


def test_a_person_is_enrolled_and_the_application_submitted(clerk: Clerk) -> None:
    clerk.begin()
    sent = clerk.send()
    application = clerk.service.application(sent.application)
    assert (application.state, sent.needs_consent) == (ApplicationState.SUBMITTED, False)
    assert application.person.name == "黄小明"
    assert len(list(clerk.service.documents(sent.application))) == 2
    assert clerk.service.open_photo(application.citizen_id, Purpose.APPLICATION)


@pytest.mark.parametrize("after", [False, True], ids=["not-done", "done"])
@pytest.mark.parametrize("cut_at", range(1, len(STEPS) + 1), ids=lambda number: f"{number}-{STEPS[number - 1]}")
def test_where_it_broke_off_it_goes_on(clerk: Clerk, cut_at: int, *, after: bool) -> None:
    clerk.begin()
    clerk.line.cut_at, clerk.line.after = cut_at, after
    with pytest.raises(ServiceUnreachable):
        clerk.send()
    clerk.line.cut_at = 0
    sent = clerk.send()
    assert clerk.service.application(sent.application).state is ApplicationState.SUBMITTED
    assert [one.id for one in clerk.service.applications()] == [sent.application]
    kinds = [one.kind for one in clerk.service.documents(sent.application)]
    assert kinds == [DocumentKind.IDENTITY_DOCUMENT, DocumentKind.PROOF_OF_ADDRESS]
    assert len(clerk.city.audit("application.create")) == 1
    assert len(clerk.city.audit("application.submit")) == 1


def test_when_the_key_is_forgotten_the_draft_that_is_there_is_gone_on_with(clerk: Clerk) -> None:
    clerk.begin()
    clerk.line.cut_at, clerk.line.after = 1, True
    with pytest.raises(ServiceUnreachable):
        clerk.send()
    clerk.line.cut_at = 0
    clerk.city.clock.advance(hours=25)
    (there,) = clerk.service.applications()
    assert clerk.send().application == there.id


def test_a_refusal_lets_the_form_be_put_right(clerk: Clerk) -> None:
    clerk.begin()
    clerk.send()
    clerk.drafts().discard(clerk.drafts().next_version())
    clerk.begin(name="黄小军")
    with pytest.raises(ServiceProblem, match="person-enrolled"):
        clerk.send()
    draft = clerk.drafts().load()
    assert draft is not None
    assert not draft.sent
    draft.form.number = "Q700200"
    clerk.drafts().save(draft, clerk.drafts().next_version())
    assert clerk.service.application(clerk.send().application).person.document_number == "Q700200"


def test_a_minors_application_waits_for_the_guardian(clerk: Clerk) -> None:
    clerk.begin(birth_date=f"{clerk.city.clock():%Y}-01-01")
    sent = clerk.send()
    assert sent.needs_consent
    assert clerk.service.application(sent.application).state is ApplicationState.DRAFT


def test_likely_duplicates_are_compared_unless_the_officer_knows_better(clerk: Clerk) -> None:
    clerk.begin()
    clerk.send()
    form = Form(
        name="黄小明", birth_date="1990-05-06", paper=Paper.OTHER, number="Q700300", district="taipa"
    )  # fmt: skip
    person = person_of(form)
    assert person is not None
    lookout = Lookout()
    asked = lookout.fresh([*questions(form, TODAY), whole(person)])
    assert len(asked) == 3
    assert lookout.fresh(questions(form, TODAY)) == []
    for question in asked:
        lookout.answered(question, ask(clerk.service, question))
    (found,) = lookout.found(asked, form, [])
    likeness = compare(clerk.service, found)
    assert likeness.photo is not None
    assert likeness.photo.startswith(b"\xff\xd8\xff")
    rows = {row.field: row.same for row in side_by_side(form, found, likeness.record)}
    assert rows == {
        "name": True, "name_latin": True, "birth_date": True, "document_number": False, "district": False,
    }  # fmt: skip
    others = [Dismissal(citizen=found.id, identity=form.identity)]
    assert lookout.found(asked, form, others) == []
    for typed, other in (
        ("name", "黄小军"),
        ("number", "Q700301"),
        ("birth_date", "1990-05-07"),
        ("name_latin", "Huang"),
    ):
        changed = form.model_copy(update={typed: other})
        assert lookout.found(asked, changed, others) == [found], typed


def test_as_much_is_looked_for_as_is_typed(clerk: Clerk) -> None:
    clerk.begin()
    clerk.send()
    form = Form(paper=Paper.OTHER, name="黄小明")
    assert questions(form, TODAY) == []
    for typed in ({"number": "Q700100"}, {"birth_date": "1990-05-06"}):
        (question,) = questions(form.model_copy(update=typed), TODAY)
        (found,) = ask(clerk.service, question)
        assert found.name == "黄小明"
        rows = {row.field: (row.known, row.same) for row in side_by_side(form.model_copy(update=typed), found, None)}
        assert rows["name"] == ("黄小明", True)
        assert (rows["document_number"][1], rows["birth_date"][1]) == ("number" in typed, "birth_date" in typed)
    assert not can_be_told_apart(form.model_copy(update={"number": "Q700100"}), TODAY)


def test_somebody_without_a_photograph_is_compared_all_the_same(clerk: Clerk) -> None:
    person = person_of(Form(name="黄小明", birth_date="1990-05-06", number="Q700100", district="hengqin"))
    assert person is not None
    clerk.service.create_application(person)
    (found,) = ask(clerk.service, whole(person))
    assert compare(clerk.service, found).photo is None


def test_a_secret_is_of_the_key_and_the_purpose(clerk: Clerk) -> None:
    own = clerk.service.derive_secret(PURPOSE)
    assert own == ServiceClient(BASE_URL, CLERK, clerk.city.keys[CLERK]).derive_secret(PURPOSE)
    clerk.city.caller("dee", CallerKind.OFFICER)
    others = [clerk.service.derive_secret("x"), clerk.city.client("dee").derive_secret(PURPOSE)]
    assert len({own, *others}) == 3
    assert len(own) == 32
