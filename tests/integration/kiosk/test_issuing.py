"""Issuing at a desk, without its window: blank cards, tears at every step, refusals, the citizen's PIN."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from uuid import UUID

import pytest

from cardsvc.app import create_app
from cardsvc.callers.models import CallerKind
from cardsvc.client import ServiceClient, ServiceProblem, ServiceUnreachable
from cardsvc.issuance.writing import STEPS
from cardsvc.wire.approvals import ApprovalKind
from cardsvc.wire.lifecycle import ApplicationState, Card, CardState, Proxy, RevocationReason
from cardsvc.wire.manifest import Language
from cardsvc.wire.people import DocumentKind, Purpose
from kiosk.desk.choosing import Choosing
from kiosk.desk.failures import saying
from kiosk.desk.handing_over import (
    CollectedByHolder,
    CollectedByProxy,
    NotHandedOver,
    PinFault,
    activate,
    fault_of_both,
    give_pin,
    hand_over,
    has_keypad,
    settle_pin,
)
from kiosk.desk.issuing import (
    NotApproved,
    NotInStock,
    OtherCardReserved,
    Situation,
    Standing,
    issuable,
    put_aside,
    standing,
    take_card,
)
from kiosk.desk.looking import Condition, SeenCard, look
from kiosk.desk.pins_in_hand import PinInHand
from kiosk.desk.progress import Cancelled, Report, Stage
from kiosk.desk.relay import RelayRefused
from kiosk.desk.unblocking import unblock
from kiosk.desk.words import words_in
from kiosk.desk.writing import IF_PULLED, Aftermath, Written, aftermath, write
from readers.connection import CardReader
from readers.errors import NoCard, ReaderError, WrongPin
from readers.pinpad import PinNotEntered
from readers.piv.pin import Pin
from readers.virtual.loopback import LoopbackReader, put_on, take_off
from tests.fixtures.issuance import whoever_gets
from tests.fixtures.keypads import KeypadReader
from tests.fixtures.live import serving
from tests.fixtures.pictures import picture
from tests.fixtures.proofs import BASE_URL, City

OWN = Pin("864193")
PROXY = Proxy(name="何慧君", document_number="M7654321")


@dataclass
class Desk:
    """Two officers, the desk itself, and a reader."""

    city: City
    ana: ServiceClient
    bo: ServiceClient
    itself: ServiceClient
    folder: Path
    numbers: list[str] = field(default_factory=list)

    @property
    def slot(self) -> Path:
        return self.folder / "slot"

    @property
    def reader(self) -> LoopbackReader:
        return LoopbackReader(self.slot)

    def insert(self, name: str = "card") -> None:
        put_on(self.slot, self.folder / f"{name}.json")

    def approved(self, number: str = "HQ-0001") -> UUID:
        """An application, and a blank card with this number in stock."""
        application = self.ana.create_application(whoever_gets(number))
        self.ana.submit(application.id)
        self.bo.approve(application.id)
        self.ana.add_stock(number)
        return application.id

    def standing(self) -> Standing:
        return standing(self.ana, look(self.reader))

    def tear_at(self, step: str) -> Report:
        """The card is taken out when the step begins."""

        def tell(stage: Stage) -> None:
            if stage.step == step:
                take_off(self.slot)

        return Report(tell)

    def written(self, number: str = "HQ-0001") -> tuple[UUID, Written]:
        application = self.approved(number)
        card = take_card(self.ana, application, number)
        self.insert()
        return application, write(self.ana, self.reader, card.uuid)


@pytest.fixture
def desk(sqlite_city: City, tmp_path: Path) -> Iterator[Desk]:
    names = {"ana": CallerKind.OFFICER, "bo": CallerKind.OFFICER, "desk-1": CallerKind.DESK}
    with ExitStack() as stack:
        url = stack.enter_context(serving(create_app(sqlite_city.services)))
        clients = []
        for name, kind in names.items():
            sqlite_city.caller(name, kind)
            key = sqlite_city.keys[name]
            client = ServiceClient(url, name, key, issuer=BASE_URL, clock=sqlite_city.clock)
            clients.append(stack.enter_context(client))
        ana, bo, itself = clients
        yield Desk(sqlite_city, ana, bo, itself, tmp_path)


def test_all_steps_of_the_service_are_known_with_what_pulling_does() -> None:
    assert list(IF_PULLED) == ["probe", *STEPS, "inspect"]


def test_a_card_from_blank_to_active(desk: Desk) -> None:
    application = desk.approved()
    assert [row.id for row in issuable(desk.ana)] == [application]
    desk.insert()
    assert (desk.standing().situation, desk.standing().in_stock) == (Situation.BLANK, 1)
    card = take_card(desk.ana, application, "HQ-0001")
    assert desk.standing().in_stock == 0
    stages: list[Stage] = []
    written = write(desk.ana, desk.reader, card.uuid, Report(stages.append))
    assert [stage.step for stage in stages] == list(IF_PULLED)
    assert [one.step for one in written.timing.steps] == list(IF_PULLED)
    assert sum(one.seconds for one in written.timing.steps) <= written.timing.whole
    assert 0 < written.timing.card < written.timing.whole
    assert written.timing.apdus > 60
    sealed = desk.standing()
    assert (sealed.situation, sealed.application and sealed.application.id) == (Situation.SEALED, application)
    hand_over(desk.ana, application, card.uuid, picture())
    assert desk.standing().situation is Situation.DELIVERED
    assert not has_keypad(desk.reader)
    give_pin(desk.reader, card.uuid, written.transport_pin, OWN)
    assert settle_pin(desk.reader, card.uuid, written.transport_pin, OWN)
    assert activate(desk.itself, desk.reader, card.uuid, OWN).state is CardState.ACTIVE
    assert desk.standing().situation is Situation.ACTIVE
    assert desk.ana.application(application).state is ApplicationState.CLOSED


@pytest.mark.parametrize("step", IF_PULLED)
def test_a_card_pulled_out_at_any_step_is_gone_on_with(desk: Desk, step: str) -> None:
    application = desk.approved()
    card = take_card(desk.ana, application, "HQ-0001")
    desk.insert()
    with pytest.raises(RelayRefused) as refused:
        write(desk.ana, desk.reader, card.uuid, desk.tear_at(step))
    assert refused.value.code == "card-failed"
    with pytest.raises(NoCard):
        look(desk.reader)
    after = aftermath(desk.ana, card.uuid)
    assert after is (Aftermath.NOTHING_WRITTEN if step == "probe" else Aftermath.GOES_ON)
    desk.insert()
    now = desk.standing()
    if step in {"probe", "ccc"}:
        assert now.situation is Situation.BLANK
    else:
        assert now.situation is (Situation.UNJUDGED if step == "inspect" else Situation.BEGUN)
        assert now.card is not None
        assert now.card.uuid == card.uuid
    assert take_card(desk.ana, application, "HQ-0001").uuid == card.uuid
    write(desk.ana, desk.reader, card.uuid)
    assert aftermath(desk.ana, card.uuid) is Aftermath.SEALED


def test_stopped_by_the_clerk_it_is_gone_on_with(desk: Desk) -> None:
    application = desk.approved()
    card = take_card(desk.ana, application, "HQ-0001")
    desk.insert()
    steps: list[Stage] = []
    report = Report(steps.append, lambda: len(steps) >= 6)
    with pytest.raises(Cancelled):
        write(desk.ana, desk.reader, card.uuid, report)
    assert aftermath(desk.ana, card.uuid) is Aftermath.GOES_ON
    assert desk.standing().situation is Situation.BEGUN
    write(desk.ana, desk.reader, card.uuid)
    assert aftermath(desk.ana, card.uuid) is Aftermath.SEALED


def test_a_card_that_cannot_be_gone_on_with_is_put_aside_and_the_application_gets_another(desk: Desk) -> None:
    application = desk.approved()
    first = take_card(desk.ana, application, "HQ-0001")
    desk.insert()
    with pytest.raises(RelayRefused):
        write(desk.ana, desk.reader, first.uuid, desk.tear_at("key-9c"))
    put_aside(desk.ana, first.uuid, "the card broke")
    assert aftermath(desk.ana, first.uuid) is Aftermath.QUARANTINED
    desk.insert()
    assert desk.standing().situation is Situation.BEGUN_FOR_NOBODY
    desk.ana.add_stock("HQ-0002")
    second = take_card(desk.ana, application, "HQ-0002")
    desk.insert("second")
    write(desk.ana, desk.reader, second.uuid)
    assert aftermath(desk.ana, second.uuid) is Aftermath.SEALED


def test_the_wrong_card_is_refused_and_nothing_is_written(desk: Desk) -> None:
    desk.written()
    other = desk.approved("HQ-0002")
    card = take_card(desk.ana, other, "HQ-0002")
    with pytest.raises(RelayRefused) as refused:
        write(desk.ana, desk.reader, card.uuid)
    assert refused.value.code == "card-not-blank"
    assert aftermath(desk.ana, card.uuid) is Aftermath.NOTHING_WRITTEN
    desk.insert("another")
    with pytest.raises(RelayRefused):
        write(desk.ana, desk.reader, card.uuid, desk.tear_at("key-9a"))
    desk.insert("third")
    with pytest.raises(RelayRefused) as refused:
        write(desk.ana, desk.reader, card.uuid)
    assert refused.value.code == "another-card"
    assert look(desk.reader).condition is Condition.BLANK


def test_two_cards_begun_leave_the_choice_to_the_number(desk: Desk) -> None:
    for number in ("HQ-0001", "HQ-0002"):
        card = take_card(desk.ana, desk.approved(number), number)
        desk.insert(number)
        with pytest.raises(RelayRefused):
            write(desk.ana, desk.reader, card.uuid, desk.tear_at("key-9a"))
    desk.insert("HQ-0001")
    assert desk.standing().situation is Situation.BEGUN_ONE_OF_SEVERAL


def test_a_number_that_is_not_in_stock_or_of_another_card(desk: Desk) -> None:
    application = desk.approved()
    with pytest.raises(NotInStock) as unknown:
        take_card(desk.ana, application, "HQ-9999")
    assert unknown.value.stock_number == "HQ-9999"
    assert desk.ana.application(application).state is ApplicationState.APPROVED
    take_card(desk.ana, application, "HQ-0001")
    with pytest.raises(OtherCardReserved) as other:
        take_card(desk.ana, application, "HQ-0002")
    assert other.value.stock_number == "HQ-0001"


def test_what_nobody_approved_gets_no_card(desk: Desk) -> None:
    draft = desk.ana.create_application(whoever_gets("HQ-0001"))
    desk.ana.add_stock("HQ-0001")
    with pytest.raises(NotApproved) as refused:
        take_card(desk.ana, draft.id, "HQ-0001")
    assert refused.value.state is ApplicationState.DRAFT


def test_a_card_of_another_city_is_foreign(desk: Desk) -> None:
    unknown = SeenCard(Condition.FINISHED, uuid=UUID(int=7))
    assert standing(desk.ana, unknown).situation is Situation.FOREIGN


def test_handed_to_a_proxy_and_signed_for_once(desk: Desk) -> None:
    application, written = desk.written()
    for _ in range(2):
        hand_over(desk.ana, application, written.card_uuid, picture(), PROXY)
    kinds = [document.kind for document in desk.ana.documents(application)]
    assert kinds == [DocumentKind.COLLECTION_RECEIPT]
    assert desk.ana.proxy(written.card_uuid) == PROXY


def test_a_card_that_was_handed_to_its_holder_is_not_said_to_be_with_somebody_else(desk: Desk) -> None:
    application, written = desk.written()
    hand_over(desk.ana, application, written.card_uuid, picture())
    with pytest.raises(CollectedByHolder) as refused:
        hand_over(desk.ana, application, written.card_uuid, picture(width=800), PROXY)
    assert refused.value.card.state is CardState.DELIVERED
    assert len(list(desk.ana.documents(application))) == 1


@pytest.mark.parametrize("now", [None, PROXY.model_copy(update={"document_number": "M7654322"})])
def test_a_card_that_somebody_collected_is_said_to_be_with_them(desk: Desk, now: Proxy | None) -> None:
    application, written = desk.written()
    hand_over(desk.ana, application, written.card_uuid, picture(), PROXY)
    with pytest.raises(CollectedByProxy) as refused:
        hand_over(desk.ana, application, written.card_uuid, picture(width=800), now)
    assert refused.value.proxy == PROXY
    assert PROXY.name not in f"{refused.value!r} {refused.value}"
    assert f"{PROXY.name} ({PROXY.document_number})" in str(saying(refused.value, words_in(Language.ENGLISH)))


def test_of_two_tries_at_once_the_one_that_came_too_late_is_not_said_to_be_on_record(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    application, written = desk.written()
    deliver = ServiceClient.deliver

    def late(officer: ServiceClient, card_uuid: UUID, proxy: Proxy | None) -> Card:
        deliver(desk.ana, card_uuid)
        return deliver(officer, card_uuid, proxy)

    monkeypatch.setattr(ServiceClient, "deliver", late)
    with pytest.raises(CollectedByHolder):
        hand_over(desk.ana, application, written.card_uuid, picture(), PROXY)


def test_a_card_that_another_desk_has_revoked_is_not_handed_over(desk: Desk) -> None:
    application, written = desk.written()
    desk.bo.revoke(written.card_uuid, RevocationReason.WITHDRAWN)
    with pytest.raises(NotHandedOver) as refused:
        hand_over(desk.ana, application, written.card_uuid, picture())
    assert refused.value.state is CardState.REVOKED
    assert list(desk.ana.documents(application)) == []
    assert "present state" in str(saying(refused.value, words_in(Language.ENGLISH)))


def test_whoever_signs_after_a_hand_over_broke_off_is_on_file(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    application, written = desk.written()
    proxy = Proxy(name="何慧君", document_number="M7654321")
    receipts = [picture(width=width) for width in (640, 800)]

    def lost(*_: object) -> None:
        raise ServiceUnreachable

    with monkeypatch.context() as torn:
        torn.setattr(ServiceClient, "deliver", lost)
        with pytest.raises(ServiceUnreachable):
            hand_over(desk.ana, application, written.card_uuid, receipts[0], proxy)
    hand_over(desk.ana, application, written.card_uuid, receipts[1])
    kept = [desk.ana.open_document(application, one.id, Purpose.COLLECTION) for one in desk.ana.documents(application)]
    assert kept == receipts


def test_what_an_earlier_try_has_handed_over_a_moment_before_is_handed_over(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    application, written = desk.written()
    deliver = ServiceClient.deliver

    def twice(officer: ServiceClient, *given: UUID | Proxy | None) -> Card:
        deliver(officer, *given)  # type: ignore[arg-type]
        return deliver(officer, *given)  # type: ignore[arg-type]

    monkeypatch.setattr(ServiceClient, "deliver", twice)
    assert hand_over(desk.ana, application, written.card_uuid, picture()).state is CardState.DELIVERED


def test_a_card_that_was_not_handed_over_is_not_activated(desk: Desk) -> None:
    _, written = desk.written()
    give_pin(desk.reader, written.card_uuid, written.transport_pin, OWN)
    with pytest.raises(ServiceProblem, match="transition-refused"):
        activate(desk.itself, desk.reader, written.card_uuid, OWN)


def test_a_citizen_takes_a_pin_of_their_own_at_the_readers_keypad(desk: Desk) -> None:
    application, written = desk.written()
    hand_over(desk.ana, application, written.card_uuid, picture())
    reader = KeypadReader(desk.reader, [written.transport_pin.digits, *[OWN.digits] * 3])
    assert has_keypad(reader)
    card = choosing_at(desk, reader, written).at_keypad()
    assert card is not None
    assert card.state is CardState.ACTIVE
    assert reader.typed == []
    assert settle_pin(desk.reader, written.card_uuid, written.transport_pin, OWN)


def test_what_broke_off_between_keypad_and_service_goes_on_with_the_new_pin(desk: Desk) -> None:
    """The card has the PIN already: the transport PIN is not asked for again."""
    application, written = desk.written()
    reader = KeypadReader(desk.reader, [written.transport_pin.digits, *[OWN.digits] * 3])
    choosing = choosing_at(desk, reader, written)
    with pytest.raises(ServiceProblem, match="transition-refused"):
        choosing.at_keypad()
    hand_over(desk.ana, application, written.card_uuid, picture())
    reader.typed.append(OWN.digits)
    assert choosing.at_keypad() is not None
    assert desk.standing().situation is Situation.ACTIVE


def choosing_at(desk: Desk, reader: CardReader, written: Written) -> Choosing:
    pin = PinInHand(written.transport_pin)
    return Choosing(lambda: reader, written.card_uuid, pin, date(1988, 4, 5), desk.itself)


@pytest.mark.parametrize(
    ("typed", "error"),
    [([], PinNotEntered), (["{old}", "864193", "864194"], PinNotEntered), (["909090", "864193", "864193"], WrongPin)],
    ids=["nothing", "two-new-ones", "wrong"],
)
def test_what_is_not_finished_at_the_keypad_changes_no_pin(
    desk: Desk, typed: list[str], error: type[ReaderError]
) -> None:
    application, written = desk.written()
    hand_over(desk.ana, application, written.card_uuid, picture())
    pins = [pin.format(old=written.transport_pin.digits) for pin in typed]
    with pytest.raises(error):
        choosing_at(desk, KeypadReader(desk.reader, pins), written).at_keypad()
    assert desk.standing().situation is Situation.DELIVERED
    give_pin(desk.reader, written.card_uuid, written.transport_pin, OWN)


def test_unblocking_that_is_stopped_is_gone_on_with(desk: Desk) -> None:
    application, written = desk.written()
    hand_over(desk.ana, application, written.card_uuid, picture())
    give_pin(desk.reader, written.card_uuid, written.transport_pin, OWN)
    activate(desk.itself, desk.reader, written.card_uuid, OWN)
    asked = desk.ana.request_approval(ApprovalKind.PUK_RELEASE, written.card_uuid, "forgotten")
    desk.bo.approve_request(asked.id)
    stages: list[Stage] = []
    with pytest.raises(Cancelled):
        unblock(desk.ana, desk.reader, written.card_uuid, Report(stages.append, lambda: len(stages) >= 2))
    assert len(stages) == 2
    transport = unblock(desk.ana, desk.reader, written.card_uuid, Report())
    give_pin(desk.reader, written.card_uuid, transport, Pin("582914"))
    assert settle_pin(desk.reader, written.card_uuid, transport, Pin("582914"))


@pytest.mark.parametrize(
    ("first", "again", "fault"),
    [
        ("123456", "123456", PinFault.RUN),
        ("777777", "777777", PinFault.REPEATED),
        ("050488", "050488", PinFault.BIRTHDAY),
        ("147258", "147258", PinFault.WELL_KNOWN),
        ("12", "12", PinFault.LENGTH),
        ("27182818", "27182818", PinFault.AS_BEFORE),
        ("864193", "864194", PinFault.DIFFERENT),
        ("864193", "864193", None),
    ],
)
def test_what_a_citizen_may_choose(first: str, again: str, fault: PinFault | None) -> None:
    assert fault_of_both(first, again, date(1988, 4, 5), Pin("27182818")) is fault


def test_the_transport_pin_is_in_no_repr(desk: Desk) -> None:
    _, written = desk.written()
    assert written.transport_pin.digits not in repr(written)
