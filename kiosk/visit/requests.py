"""From the choice of a service to what came of it."""

from __future__ import annotations

from dataclasses import replace
from typing import Final
from uuid import UUID

from cardsvc.wire.levels import Level
from cardsvc.wire.manifest import ResultKind
from kiosk.city_services.offering import CHANGE_PIN, MATTERS
from kiosk.forms import Filled
from kiosk.offers import Offer, Telling
from kiosk.visit import acts, effects, events, reason, turn_events, turns
from kiosk.visit.effects import Effect
from kiosk.visit.ending import Moment, Step, refuse
from kiosk.visit.pin_screens import ChangePin
from kiosk.visit.screens import (
    Check,
    Consent,
    Done,
    FillForm,
    HoldAgain,
    InsertCard,
    KioskState,
    PinEntry,
    Place,
    Refusal,
    Review,
    Screen,
    Sending,
    Services,
    SignPin,
    Submission,
    Visit,
)
from kiosk.visit.turn_screens import PhotographPin

NO_KEY: Final = UUID(int=0)
"""Of what may be asked again as often as one likes."""


def on_department_chosen(state: KioskState, event: acts.DepartmentChosen, _moment: Moment) -> Step:
    known = any(offer.department == event.department for offer in state.offers)
    if not known or state.visit is None or not isinstance(state.screen, Services):
        return state, ()
    return replace(state, screen=Services(event.department)), ()


def on_service_chosen(state: KioskState, event: acts.ServiceChosen, _moment: Moment) -> Step:
    wanted = (event.department, event.service)
    offer = next((offer for offer in state.offers if offer.key == wanted), None)
    if offer is None or state.visit is None or not isinstance(state.screen, Services | Done):
        return state, ()
    if state.visit.offline is not None and offer.key not in state.visit.offline:
        return state, ()
    if offer.visit_level > state.visit.level:
        return _step_up(state, state.visit, offer)
    return begin(state, offer)


def begin(state: KioskState, offer: Offer) -> Step:
    """Come to a service for which the visit is good enough. What only tells the citizen something needs no yes."""
    if offer.own and offer.service.code == CHANGE_PIN:
        return replace(state, screen=ChangePin(offer)), ()
    if offer.own and offer.form.fields:
        return replace(state, screen=FillForm(offer)), ()
    if offer.own and offer.service.result is ResultKind.INFORMATION:
        return send(state, Submission(offer, NO_KEY))
    return replace(state, screen=Consent(offer)), ()


def on_consent_given(state: KioskState, event: acts.ConsentGiven, _moment: Moment) -> Step:
    match state.screen:
        case Consent(offer=offer) if offer.form.fields and not turns.lacks_admission(state):
            return replace(state, screen=FillForm(offer)), ()
        case Consent(offer=offer):
            return send(state, Submission(offer, event.key, continues=_continues(state)))
    return state, ()


def on_form_submitted(state: KioskState, event: acts.FormSubmitted, _moment: Moment) -> Step:
    match state.screen:
        case FillForm(offer=offer):
            filled = offer.form.fill(event.entered)
            if filled.errors:
                return replace(state, screen=FillForm(offer, filled)), ()
            submission = Submission(offer, event.key, filled.values, continues=_continues(state))
            if offer.is_signed:  # it is read, to the letter, before it is signed
                return send(state, submission)
            return replace(state, screen=Check(submission, FillForm(offer, Filled(filled.values)))), ()
    return state, ()


def on_exchanged(state: KioskState, event: events.Exchanged, _moment: Moment) -> Step:
    match state.screen:
        case Sending(submission=submission, job=event.job):
            return send(state, replace(submission, assertion=event.assertion))
    return state, ()


def on_admitted(state: KioskState, event: turn_events.Admitted, _moment: Moment) -> Step:
    """Now the second one may see the photograph, and go on."""
    match state.screen:
        case Sending(submission=submission, job=event.job) if state.visit:
            state = replace(state, visit=replace(state.visit, admitted=True))
            if submission.offer.form.fields:
                return replace(state, screen=FillForm(submission.offer)), ()
            return send(state, submission)
    return state, ()


def on_answered(state: KioskState, event: events.Answered, _moment: Moment) -> Step:
    match state.screen:
        case Sending(submission=submission, job=event.job):
            turn = state.visit and turns.begun(submission, event.outcome, state.visit)
            if turn:
                return turns.show(state, turn)
            done = Done(submission.offer, event.outcome, event.pages, submission.mark)
            return _told(replace(state, screen=done, turn=None), submission.offer)
    return state, ()


def _continues(state: KioskState) -> str | None:
    return state.turn.receipt if state.turn else None


def _told(state: KioskState, offer: Offer) -> Step:
    """What was told now is not new any more."""
    if state.visit is None:
        return state, ()
    if offer.own and offer.service.code == MATTERS:
        return replace(state, visit=replace(state.visit, news=())), ()
    asked = offer.telling is Telling.MATTERS and state.visit.news
    return state, (effects.AskNews(state.visit.token),) if asked else ()


def on_recorded(state: KioskState, event: events.Recorded, _moment: Moment) -> Step:
    match state.screen:
        case HoldAgain(submission=submission) if submission.key == event.key:
            return replace(state, screen=Done(submission.offer, event.outcome)), ()
    return state, ()


def on_declined(state: KioskState, event: events.Declined, moment: Moment) -> Step:
    match state.screen:
        case Sending(submission=submission, job=event.job) if state.visit:
            code = event.reason.code
            if code in reason.VISIT_OVER:
                return refuse(state, moment, event.reason)
            if code in reason.STEP_UP_REQUIRED and state.visit.level < Level.PIN:
                return _step_up(state, state.visit, submission.offer)
            resume, retry = _resume(submission, code), _retry(submission, code)
            return replace(state, screen=Refusal(event.reason, resume, retry)), ()
    return state, ()


def on_tried_again(state: KioskState, _event: acts.TriedAgain, _moment: Moment) -> Step:
    match state.screen:
        case Refusal(retry=retry) if retry is not None:
            return send(state, retry)
        case Refusal(resume=resume) if resume is not None:
            return show(state, resume)
    return state, ()


def on_went_back(state: KioskState, _event: acts.WentBack, moment: Moment) -> Step:
    if isinstance(state.screen, ChangePin) and state.screen.old is not None:
        return replace(state, screen=ChangePin(state.screen.offer)), ()
    place = _before(state.screen)
    if place is not None and (state.visit or isinstance(state.screen, Refusal)):
        return show(state, place)
    if isinstance(state.screen, PinEntry | Refusal):
        return turns.wait_again(state, moment)
    return state, ()


def _before(screen: Screen) -> Place | None:
    match screen:
        case Refusal(resume=place) | Check(origin=place):
            return place
        case SignPin(submission=submission, paper=paper):
            return Review(submission, paper)
        case Review(submission=submission):
            return _beginning(submission)
        case FillForm(offer=offer):
            return Services(offer.department) if offer.own else Consent(offer)
    return _services_before(screen)


def _services_before(screen: Screen) -> Services | None:
    match screen:
        case Consent(offer=offer) | InsertCard(wanted=offer) | PinEntry(wanted=Offer() as offer):
            return Services(offer.department)
        case PinEntry() | HoldAgain() | ChangePin() | PhotographPin() | Done() | Services(department=str()):
            return Services()
    return None


def _step_up(state: KioskState, visit: Visit, offer: Offer) -> Step:
    screen = PinEntry(visit.card_uuid, offer) if visit.inserted else InsertCard(offer)
    return replace(state, screen=screen), ()


def show(state: KioskState, place: Place) -> Step:
    """Come to a place. A document that is not in the citizen's language is prepared in theirs first."""
    match place:
        case Review(submission=submission, paper=paper) if paper.language != state.language:
            return send(state, submission)
    return replace(state, screen=place), ()


def send(state: KioskState, submission: Submission) -> Step:
    """Send a submission for what it still needs: admission, a document, an assertion; then to the department."""
    if state.visit is None:
        return state, ()
    if state.visit.offline is not None:
        return replace(state, screen=HoldAgain(submission)), ()
    job, offer = state.last_job + 1, submission.offer
    effect: Effect
    if offer.own:
        effect = effects.Serve(job, state.visit.token, offer, submission.values)
    elif turns.lacks_admission(state) and submission.continues is not None:
        effect = turn_events.AskAdmission(job, state.visit.token, offer, submission.continues)
    elif offer.is_signed and submission.signed is None:
        effect = effects.Prepare(job, state.visit.token, offer, submission.values, state.language, submission.continues)
    elif submission.assertion is None:
        effect = effects.Exchange(job, state.visit.token, offer)
    else:
        effect = effects.Ask(
            job,
            offer,
            submission.key,
            submission.assertion,
            submission.values,
            signed=submission.signed,
            continues=submission.continues,
        )
    return replace(state, screen=Sending(submission, job), last_job=job), (effect,)


def _retry(submission: Submission, code: str) -> Submission | None:
    """What "try again" sends. With the same key it is done once, even if the answer to a first time was lost."""
    if code == reason.CONFIRMATION_OVER:
        return replace(submission, assertion=None, signed=None, reread=submission.signed is not None)
    worth_it = code in reason.WORTH_ANOTHER_TRY or code == reason.PREPARED_REFUSED
    return submission if worth_it else None


def _resume(submission: Submission, code: str) -> Place:
    """Where "back" leads: what was refused before it was signed, or for what was signed, can be put right."""
    refused = code == reason.DEPARTMENT_REFUSED
    unsent = submission.signed is None and code in reason.WORTH_ANOTHER_TRY
    return _beginning(submission) if submission.offer.is_signed and (refused or unsent) else Services()


def _beginning(submission: Submission) -> FillForm | Consent:
    """The form as it was filled in, or what comes in its place where there are no questions."""
    offer = submission.offer
    return FillForm(offer, Filled(submission.values)) if offer.form.fields else Consent(offer)
