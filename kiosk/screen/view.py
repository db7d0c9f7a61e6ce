"""What the screen shows, as plain data: templates draw it, and ``GET /state`` gives it as JSON.

Only what is to be seen is in it: no token, no card UUID, no key. The members that every view has::

    version         int, grows with every change
    screen          "attract", "reading", "services", "insert-card", "pin-entry", "checking-pin", "consent", "form",
                    "check", "review", "sign-pin", "signing", "hold-again", "change-pin", "changing-pin", "find-pin",
                    "finding-pin", "photograph-pin", "reading-photograph", "hand-over", "await-second", "sending",
                    "done", "refusal", "take-card", "out-of-service"
    language        "en", "zh-Hans", "pt"
    modes           those of "high-contrast", "large-text", "seat-height" that are on
    level           "tap", "pin", or null when no visit is open
    seconds_left    int until the screen stops waiting, or null
    card_inside     bool: a card is in the contact reader
    second_card     bool: another one is held to the contactless reader
    offline         bool: the visit was begun without the network
    prints          bool: there is a printer
    ways            those of "hold", "insert" by which a card can be read now
    troubles        [{"code", "text"}] of what is out of order
    news            [{"label", "value"}] that departments have told unasked, after the PIN
    departments     [{"code", "title", "picture", "at_once" (how many services need no more than the visit has),
                    "services": [{"code", "title", "summary", "level", "steps_up", "result"}]}]; what needs no more than
                    the visit has comes first, departments and services
    service         {"department", "department_title", "code", "title", "own"} the screen is about, or null
    turn            {"title"} of what somebody began and this one goes on with, or null
    photograph      address of the one to compare with a face, or null

and those that only some have::

    services        open (one of the departments, whose services are shown, or null), only (bool: there is no other one)
    pin-entry       tries_left (int or null), message
    consent         attributes [{"name", "title"}], questions [{"code", "title"}], purpose (or null), summary
    form            fields [{"name", "kind", "title", "hint", "required", "choices" [{"value", "title"}], "minimum",
                    "maximum", "longest", "numeric", "capitals", "value", "day" (see `days.day_view`, or
                    null), "error" (or null), "error_text"}]
    check           action (its title, or null), lines [{"label", "value"}]: what is about to be asked for
    review          document (its whole text), document_language, sha256 (hexadecimal), fingerprint [groups of it],
                    reread (bool: it was read before, and is another one now)
    sign-pin        as pin-entry
    photograph-pin  as pin-entry
    hand-over       second (title of what somebody else goes on with), receipt
    await-second    first_again (bool: it was the first one's card again)
    change-pin      step ("old", "new", "again"), number (1 to 3), tries_left (int or null), message (or null)
    find-pin        other_card (bool: it was another one)
    done            outcome {"title", "fields" [{"label", "value", "prominent", "new", "action" (its title, or null)}],
                    "receipt", "result"},
                    code {"text", "size", "path"}: the QR code as squares, paper {"title", "page", "pages" [addresses of
                    pictures], "of" (pages that it has), "printed" (bool: it is what is printed)} or null,
                    printing ("waiting", "sent", "failed" or null)
    take-card       call ("asked", "loud", "left"), lying (bool: on the contactless reader),
                    others [{"language", "text"}] of the same request in the city's other languages
    refusal         code, card_state, title, advice, picture, can_retry, can_go_back
"""

from __future__ import annotations

import math
from collections.abc import Callable
from datetime import date, datetime
from typing import Any, Final

from cardsvc.wire.levels import Level
from cardsvc.wire.manifest import Language
from kiosk.booth import Snapshot
from kiosk.city_services.times import city_date
from kiosk.forms import FieldKind, Filled, FormField
from kiosk.offers import Offer
from kiosk.screen.checks import check_view
from kiosk.screen.days import day_view
from kiosk.screen.outcomes import done_view, line_view
from kiosk.screen.pictures import department_picture, picture_of
from kiosk.screen.pin_views import change_pin_view, find_pin_view
from kiosk.screen.turn_views import await_second_view, hand_over_view, photograph_path, turn_view
from kiosk.screen.words import Words, words_in
from kiosk.visit import pin_screens, screens, turn_screens
from kiosk.visit.screens import KioskState

View = dict[str, Any]
_GROUP: Final = 4
"""Hexadecimal digits that are read at a time."""


def view_of(snapshot: Snapshot, now: datetime) -> View:
    """The view of a state, in the language of the state."""
    state = snapshot.state
    words = words_in(state.language)
    offer = _offer(state.screen)
    departments = _departments(state, words)
    return {
        "version": snapshot.version,
        "screen": SCREEN_NAMES[type(state.screen)],
        "language": state.language.value,
        "modes": sorted(state.modes),
        "level": state.visit.level.value if state.visit else None,
        "seconds_left": _seconds_left(state, now),
        "card_inside": state.card_inside,
        "second_card": state.second_card,
        "offline": state.visit is not None and state.visit.offline is not None,
        "prints": state.prints,
        "ways": [way for way, reader in _READERS.items() if reader not in state.troubles],
        "troubles": [{"code": trouble.value, "text": words["troubles"][trouble]} for trouble in _troubles(state)],
        "departments": departments,
        "news": [line_view(line, words) for line in state.visit.news] if state.visit else [],
        "service": _service(offer, words) if offer else None,
        "turn": turn_view(state.turn, words) if state.turn else None,
        "photograph": photograph_path(state),
        **_DETAILS.get(type(state.screen), _nothing)(state.screen, words),
        **(_open(state.screen, departments) if isinstance(state.screen, screens.Services) else {}),
        **(_form(state.screen, words, city_date(now)) if isinstance(state.screen, screens.FillForm) else {}),
    }


SCREEN_NAMES: Final[dict[type[screens.Screen], str]] = {
    screens.Attract: "attract",
    screens.Reading: "reading",
    screens.Services: "services",
    screens.InsertCard: "insert-card",
    screens.PinEntry: "pin-entry",
    screens.CheckingPin: "checking-pin",
    screens.Consent: "consent",
    screens.FillForm: "form",
    screens.Check: "check",
    screens.Review: "review",
    screens.SignPin: "sign-pin",
    screens.Signing: "signing",
    screens.HoldAgain: "hold-again",
    turn_screens.PhotographPin: "photograph-pin",
    turn_screens.ReadingPhotograph: "reading-photograph",
    turn_screens.HandOver: "hand-over",
    turn_screens.AwaitSecond: "await-second",
    pin_screens.ChangePin: "change-pin",
    pin_screens.ChangingPin: "changing-pin",
    pin_screens.PinLost: "find-pin",
    pin_screens.FindingPin: "finding-pin",
    screens.Sending: "sending",
    screens.Done: "done",
    screens.Refusal: "refusal",
    screens.TakeCard: "take-card",
    screens.OutOfService: "out-of-service",
}


def _seconds_left(state: KioskState, now: datetime) -> int | None:
    return None if state.deadline is None else max(0, math.ceil((state.deadline - now).total_seconds()))


def _offer(screen: screens.Screen) -> Offer | None:
    match screen:
        case screens.InsertCard(wanted=wanted):
            return wanted
        case screens.PinEntry(wanted=wanted) | screens.CheckingPin(wanted=wanted):
            return wanted
        case turn_screens.PhotographPin() | turn_screens.ReadingPhotograph() | turn_screens.HandOver():
            return screen.turn.first
    if isinstance(screen, _OFFERED):
        return screen.offer
    return screen.submission.offer if isinstance(screen, _SUBMITTED) else None


_OFFERED: Final = (
    screens.Consent,
    screens.FillForm,
    screens.Done,
    pin_screens.ChangePin,
    pin_screens.ChangingPin,
    pin_screens.PinLost,
    pin_screens.FindingPin,
)
_SUBMITTED: Final = (
    screens.Check,
    screens.Review,
    screens.SignPin,
    screens.Signing,
    screens.Sending,
    screens.HoldAgain,
)


def _departments(state: KioskState, words: Words) -> list[View]:
    """Those with something that can be done at once come first."""
    found = _by_department(_shown(state)).items()
    return sorted((_department(code, offers, state, words) for code, offers in found), key=_nothing_at_once)


def _department(code: str, offers: list[Offer], state: KioskState, words: Words) -> View:
    services = sorted((_listed(offer, state, words) for offer in offers), key=_needs)
    return {
        "code": code,
        "title": words.texts(offers[0].department_titles),
        "picture": department_picture(code),
        "at_once": sum(_needs(service) == 0 for service in services),
        "services": services,
    }


def _nothing_at_once(department: View) -> bool:
    return not department["at_once"]


def _needs(service: View) -> int:
    """How much more than the visit has: nothing, the PIN, or the PIN to sign with."""
    return 2 if service["level"] == Level.SIGN else int(service["steps_up"])


def _open(screen: screens.Services, departments: list[View]) -> View:
    only = len(departments) == 1
    wanted = departments[0]["code"] if only else screen.department
    return {"open": next((found for found in departments if found["code"] == wanted), None), "only": only}


_READERS: Final = {"hold": screens.Trouble.CONTACTLESS_READER, "insert": screens.Trouble.CONTACT_READER}
"""What is out of order when a card cannot be read in a way."""


def _troubles(state: KioskState) -> list[screens.Trouble]:
    """Whoever is served without a network is told so where they choose; nobody is sent to a slot that is broken."""
    told = set(state.troubles)
    if state.visit is not None and state.visit.offline is not None:
        told.discard(screens.Trouble.OFFLINE)
    if screens.Trouble.CONTACT_READER in told:
        told.discard(screens.Trouble.CONTACTLESS_READER)
    return sorted(told)


def _shown(state: KioskState) -> tuple[Offer, ...]:
    """What can be chosen: without a network only what may be taken without one."""
    listed = tuple(offer for offer in state.offers if offer.service.listed)
    if state.visit is None or state.visit.offline is None:
        return listed
    allowed = state.visit.offline
    return tuple(offer for offer in listed if offer.key in allowed)


def _by_department(offers: tuple[Offer, ...]) -> dict[str, list[Offer]]:
    found: dict[str, list[Offer]] = {}
    for offer in offers:
        found.setdefault(offer.department, []).append(offer)
    return found


def _listed(offer: Offer, state: KioskState, words: Words) -> View:
    service = offer.service
    return {
        "code": service.code,
        "title": words.texts(service.titles),
        "summary": words.texts(service.summaries),
        "level": service.level.value,
        "steps_up": state.visit is not None and offer.visit_level > state.visit.level,
        "result": service.result.value,
    }


def _service(offer: Offer, words: Words) -> View:
    return {
        "department": offer.department,
        "department_title": words.texts(offer.department_titles),
        "code": offer.service.code,
        "title": words.texts(offer.service.titles),
        "own": offer.own,
    }


def _nothing(_screen: Any, _words: Words) -> View:
    return {}


def _pin_entry(screen: screens.PinEntry | screens.SignPin | turn_screens.PhotographPin, words: Words) -> View:
    said = words["pin-entry"]
    message = None
    if screen.tries_left is not None:
        message = said["wrong_last"] if screen.tries_left == 1 else said["wrong"].format(tries=screen.tries_left)
    few = screen.few if isinstance(screen, screens.PinEntry) else None
    if message is None and few is not None:
        message = said["few_last"] if few == 1 else said["few"].format(tries=few)
    return {"tries_left": screen.tries_left, "message": message}


def _consent(screen: screens.Consent, words: Words) -> View:
    service = screen.offer.service
    return {
        "attributes": [{"name": name, "title": words.attribute(name)} for name in service.attributes],
        "questions": [{"code": code, "title": words.question(code)} for code in service.questions],
        "purpose": words.texts(service.purposes) if service.purposes else None,
        "summary": words.texts(service.summaries),
    }


def _form(screen: screens.FillForm, words: Words, today: date) -> View:
    return {"fields": [_field(question, screen.filled, words, today) for question in screen.offer.form.fields]}


def _field(question: FormField, filled: Filled, words: Words, today: date) -> View:
    error, value = filled.errors.get(question.name), filled.values.get(question.name)
    return {
        "name": question.name,
        "kind": question.kind.value,
        "title": words.texts(question.titles),
        "hint": words.texts(question.hints) if question.hints else None,
        "required": question.required,
        "choices": [{"value": choice.value, "title": words.texts(choice.titles)} for choice in question.choices],
        "minimum": question.minimum,
        "maximum": question.maximum,
        "longest": question.longest,
        "numeric": question.numeric,
        "capitals": question.capitals,
        "value": value,
        "day": day_view(question, value, today, words.language) if question.kind is FieldKind.DAY else None,
        "error": error.value if error else None,
        "error_text": words["form"]["errors"][error] if error else None,
    }


def _review(screen: screens.Review, _words: Words) -> View:
    paper = screen.paper
    return {
        "document": paper.text,
        "document_language": paper.language.value,
        "sha256": paper.sha256,
        "fingerprint": [paper.sha256[at : at + _GROUP] for at in range(0, len(paper.sha256), _GROUP)],
        "reread": screen.submission.reread,
    }


def _take_card(screen: screens.TakeCard, words: Words) -> View:
    others = [words_in(language) for language in Language if language is not words.language]
    asked = [{"language": one.language.value, "text": one["take-card"]["title"]} for one in others]
    return {"call": screen.call.value, "lying": screen.lying, "others": asked}


def _refusal(screen: screens.Refusal, words: Words) -> View:
    said = words.saying(screen.reason)
    return {
        "code": screen.reason.code,
        "card_state": screen.reason.card_state,
        "title": said.title,
        "advice": said.advice,
        "picture": picture_of(screen.reason),
        "can_retry": screen.retry is not None,
        "can_go_back": screen.resume is not None,
    }


_DETAILS: Final[dict[type[screens.Screen], Callable[[Any, Words], View]]] = {
    screens.PinEntry: _pin_entry,
    screens.Consent: _consent,
    screens.Check: check_view,
    screens.Review: _review,
    screens.SignPin: _pin_entry,
    turn_screens.PhotographPin: _pin_entry,
    turn_screens.HandOver: hand_over_view,
    turn_screens.AwaitSecond: await_second_view,
    pin_screens.ChangePin: change_pin_view,
    pin_screens.PinLost: find_pin_view,
    screens.Done: done_view,
    screens.Refusal: _refusal,
    screens.TakeCard: _take_card,
}
