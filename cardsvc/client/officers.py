"""Officers, offices and other callers, as administrators' tools see them; and one's own key."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Any, Final
from uuid import UUID

from joserfc.jwk import ECKey

from cardsvc.client.calls import Calls
from cardsvc.wire import officers as wire

_PROOF_LIFE: Final = timedelta(seconds=60)


class OfficerCalls(Calls):
    """Every method raises ServiceProblem and ServiceUnreachable."""

    def own_standing(self) -> wire.Standing:
        """Who this client calls as, and what it may do now."""
        return self._get("/v1/own-standing", wire.Standing)

    def officers(self) -> Iterator[wire.Officer]:
        """All officers, those who were put out too."""
        return (row for page in self._pages("/v1/officers", wire.OfficerList) for row in page.officers)

    def add_officer(self, request: wire.OfficerRequest) -> wire.Officer:
        """Let an officer in, without any role."""
        return self._post("/v1/officers", request, wire.Officer)

    def change_officer(self, client_id: str, change: wire.OfficerChange) -> wire.Officer:
        """Change an officer's title, office or citizen."""
        return self._patch(f"/v1/officers/{client_id}", change, wire.Officer)

    def disable_officer(self, client_id: str) -> wire.Officer:
        """Put an officer out, at once."""
        return self._post(f"/v1/officers/{client_id}/disable", None, wire.Officer)

    def request_role(self, client_id: str, role: wire.Role, reason: str) -> wire.RoleGrant:
        """Ask a colleague for a role for an officer; the approval is in the answer."""
        request = wire.RoleRequest(role=role, reason=reason)
        return self._post(f"/v1/officers/{client_id}/roles", request, wire.RoleGrant)

    def grant_role(self, grant_id: UUID) -> wire.Officer:
        """Give the role that was asked for and approved."""
        return self._post(f"/v1/role-grants/{grant_id}/take-effect", None, wire.Officer)

    def withdraw_role(self, client_id: str, role: wire.Role) -> wire.Officer:
        """Take a role away, at once."""
        return self._post(f"/v1/officers/{client_id}/roles/{role.value}/withdraw", None, wire.Officer)

    def offices(self) -> Iterator[wire.Office]:
        """All offices, closed ones too."""
        return (row for page in self._pages("/v1/offices", wire.OfficeList) for row in page.offices)

    def open_office(self, code: str, title: str) -> wire.Office:
        """Open an office."""
        return self._post("/v1/offices", wire.OfficeRequest(code=code, title=title), wire.Office)

    def change_office(self, code: str, title: str) -> wire.Office:
        """Give an office another title."""
        return self._patch(f"/v1/offices/{code}", wire.OfficeChange(title=title), wire.Office)

    def close_office(self, code: str) -> wire.Office:
        """Close an office where nobody works."""
        return self._post(f"/v1/offices/{code}/close", None, wire.Office)

    def callers(self) -> Iterator[wire.Caller]:
        """Everybody who may call, those who were put out too."""
        return (row for page in self._pages("/v1/callers", wire.CallerList) for row in page.callers)

    def add_caller(self, request: wire.CallerRequest) -> wire.Caller:
        """Let a kiosk or a desk in."""
        return self._post("/v1/callers", request, wire.Caller)

    def change_caller(self, client_id: str, change: wire.CallerChange) -> wire.Caller:
        """Change what a caller is called, or where it stands."""
        return self._patch(f"/v1/callers/{client_id}", change, wire.Caller)

    def disable_caller(self, client_id: str) -> wire.Caller:
        """Shut a kiosk, a desk or a department out, at once."""
        return self._post(f"/v1/callers/{client_id}/disable", None, wire.Caller)

    def replace_key(self, client_id: str, public_jwk: dict[str, Any]) -> wire.Caller:
        """Give a kiosk, a desk or a department another key."""
        return self._post(f"/v1/callers/{client_id}/key", wire.KeyRequest(public_jwk=public_jwk), wire.Caller)

    def confirm_card(self, card_uuid: UUID) -> wire.Officer:
        """Say with one's key that a card is one's own: it, and those that follow it, sign one in at desks."""
        proof = self._credentials.sign(self._claims(card_uuid=str(card_uuid)), wire.OWN_CARD_TYP)
        return self._post("/v1/own-card", wire.OwnCardRequest(card_uuid=card_uuid, proof=proof), wire.Officer)

    def rotate_key(self, key: ECKey, overlap: timedelta = timedelta(0)) -> wire.Caller:
        """Use another key from now on; this client goes on with it.

        The present one stays good for ``overlap``, at most seven days: for other processes, and visits begun with it.
        """
        request = wire.KeyChangeRequest(
            public_jwk=dict(key.as_dict(private=False)),
            proof=self._credentials.sign(self._claims(jkt=key.thumbprint()), wire.KEY_CHANGE_TYP),
            former_until=self._credentials.now() + overlap if overlap else None,
        )
        changed = self._post("/v1/key", request, wire.Caller)
        self._credentials.use(key)
        return changed

    def _claims(self, **about: str) -> dict[str, object]:
        """Of a proof that one holds the key of this client id."""
        now = self._credentials.now()
        return {
            "iss": self.client_id,
            "aud": self._credentials.issuer,
            "iat": int(now.timestamp()),
            "exp": int((now + _PROOF_LIFE).timestamp()),
            **about,
        }
