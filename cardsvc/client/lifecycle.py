"""Applications, cards, loss reports and events of the registry."""

from __future__ import annotations

from collections.abc import Iterator
from uuid import UUID

from cardsvc.client.calls import Calls
from cardsvc.wire.authentication import CardProof
from cardsvc.wire.lifecycle import (
    ActivationRequest,
    Application,
    ApplicationKind,
    ApplicationList,
    ApplicationRequest,
    ApplicationSummary,
    CancellationRequest,
    Card,
    ConsentRequest,
    DeliveryRequest,
    DestructionRequest,
    DraftChange,
    HoldRequest,
    Person,
    PersonalisationRequest,
    Proxy,
    RejectionRequest,
    ReplacementCause,
    RevocationReason,
    RevocationRequest,
)
from cardsvc.wire.losses import LossReport, LossReportRequest
from cardsvc.wire.registry import RegistryEvent, RegistryEventList, RegistryEventRequest


class LifecycleCalls(Calls):
    """Every method raises ServiceProblem and ServiceUnreachable."""

    # Applications

    def create_application(
        self, person: Person, appointment: str | None = None, *, key: str | None = None
    ) -> Application:
        """Enrol a person and draft an application.

        With a ``key`` that is kept, the same call can be made again within 24 hours, even by another process, when no
        answer came: it is done once.
        """
        request = ApplicationRequest(person=person, appointment=appointment)
        return self._post("/v1/applications", request, Application, key=key)

    def apply(
        self,
        citizen_id: UUID,
        kind: ApplicationKind,
        cause: ReplacementCause | None = None,
        appointment: str | None = None,
    ) -> Application:
        """Draft an application for somebody who is enrolled."""
        request = ApplicationRequest(citizen_id=citizen_id, kind=kind, cause=cause, appointment=appointment)
        return self._post("/v1/applications", request, Application)

    def application(self, application_id: UUID) -> Application:
        """An application and its history."""
        return self._get(f"/v1/applications/{application_id}", Application)

    def applications(self, *, mine: bool = False) -> Iterator[ApplicationSummary]:
        """What is open, oldest first: all of it, or what this officer sees to."""
        return (
            row
            for page in self._pages("/v1/applications", ApplicationList, mine=str(mine).lower())
            for row in page.applications
        )

    def change_draft(self, application_id: UUID, change: DraftChange) -> Application:
        """Change a draft."""
        return self._patch(f"/v1/applications/{application_id}", change, Application)

    def consent(self, application_id: UUID, request: ConsentRequest) -> Application:
        """Note that a guardian agrees."""
        return self._post(f"/v1/applications/{application_id}/consent", request, Application)

    def submit(self, application_id: UUID, *, key: str | None = None) -> Application:
        """Hand an application over for approval. ``key`` as in `create_application`."""
        return self._post(f"/v1/applications/{application_id}/submit", None, Application, key=key)

    def approve(self, application_id: UUID) -> Application:
        """Approve what somebody else submitted."""
        return self._post(f"/v1/applications/{application_id}/approve", None, Application)

    def reject(self, application_id: UUID, reason: str) -> Application:
        """Reject an application."""
        return self._post(f"/v1/applications/{application_id}/reject", RejectionRequest(reason=reason), Application)

    def cancel(self, application_id: UUID, reason: str) -> Application:
        """Give an application up, or discard a draft."""
        return self._post(f"/v1/applications/{application_id}/cancel", CancellationRequest(reason=reason), Application)

    def personalise(self, application_id: UUID, stock_number: str) -> Card:
        """Reserve a stock card for an approved application; the relay then writes it."""
        request = PersonalisationRequest(stock_number=stock_number)
        return self._post(f"/v1/applications/{application_id}/personalisation", request, Card)

    # Cards

    def card(self, card_uuid: UUID) -> Card:
        """A card and its history."""
        return self._get(f"/v1/cards/{card_uuid}", Card)

    def release(self, card_uuid: UUID) -> Card:
        """Give a reserved card back to stock; its application can have another one."""
        return self._post(f"/v1/cards/{card_uuid}/release", None, Card)

    def deliver(self, card_uuid: UUID, proxy: Proxy | None = None) -> Card:
        """The card was handed to its holder, or to somebody who collected it for them."""
        return self._post(f"/v1/cards/{card_uuid}/deliver", DeliveryRequest(proxy=proxy), Card)

    def proxy(self, card_uuid: UUID) -> Proxy:
        """Who collected the card for its holder. Goes on record."""
        return self._get(f"/v1/cards/{card_uuid}/proxy", Proxy)

    def activate(self, card_uuid: UUID, proof: CardProof) -> Card:
        """Put a delivered card into force, with a proof made for that (see `activation_hash`)."""
        return self._post(f"/v1/cards/{card_uuid}/activate", ActivationRequest(proof=proof), Card)

    def hold(self, card_uuid: UUID, reason: str) -> Card:
        """Stop a card for now."""
        return self._post(f"/v1/cards/{card_uuid}/hold", HoldRequest(reason=reason), Card)

    def reinstate(self, card_uuid: UUID) -> Card:
        """Put a card that was lost and found into force again; uses up an approval."""
        return self._post(f"/v1/cards/{card_uuid}/reinstate", None, Card)

    def return_card(self, card_uuid: UUID) -> Card:
        """Take a temporary card back."""
        return self._post(f"/v1/cards/{card_uuid}/return", None, Card)

    def revoke(self, card_uuid: UUID, reason: RevocationReason) -> Card:
        """Withdraw a card for good."""
        return self._post(f"/v1/cards/{card_uuid}/revoke", RevocationRequest(reason=reason), Card)

    def destroy(self, card_uuid: UUID, reason: str) -> Card:
        """The card was shredded. One that was put aside needs an approval."""
        return self._post(f"/v1/cards/{card_uuid}/destroy", DestructionRequest(reason=reason), Card)

    # Losses, deaths and removals

    def report_loss(self, request: LossReportRequest) -> LossReport:
        """Report a card lost or stolen."""
        return self._post("/v1/loss-reports", request, LossReport)

    def loss_report(self, number: str) -> LossReport:
        """A report by its number."""
        return self._get(f"/v1/loss-reports/{number}", LossReport)

    def report_registry_event(self, citizen_id: UUID, request: RegistryEventRequest) -> RegistryEvent:
        """Somebody died or moved away."""
        return self._post(f"/v1/people/{citizen_id}/registry-events", request, RegistryEvent)

    def registry_events(self, citizen_id: UUID) -> Iterator[RegistryEvent]:
        """What the registry told about somebody, newest first."""
        return (
            row
            for page in self._pages(f"/v1/people/{citizen_id}/registry-events", RegistryEventList)
            for row in page.events
        )

    def confirm_registry_event(self, event_id: UUID) -> RegistryEvent:
        """Revoke the cards of somebody who is gone; uses up an approval."""
        return self._post(f"/v1/registry-events/{event_id}/confirm", None, RegistryEvent)

    def reverse_registry_event(self, event_id: UUID) -> Application:
        """The registry was wrong: the draft of an application for a new card. Uses up an approval."""
        return self._post(f"/v1/registry-events/{event_id}/reverse", None, Application)
