"""Verifiers that are careless in one thing each: of every one of them the campaign must tell."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from joserfc.registry import HeaderParameter
from sqlalchemy import Connection
from sqlalchemy.orm import Session

from cardsvc.audit.service import Draft, record_all
from cardsvc.authentication import challenges, proofs, signing_in, visits
from cardsvc.authentication.challenges import IssuedChallenge
from cardsvc.authentication.errors import CardOfNoOfficer, ChallengeUnknown, SignatureInvalid
from cardsvc.authentication.holders import find_holders
from cardsvc.authentication.models import Visit
from cardsvc.authentication.visits import VisitTimes
from cardsvc.callers import access_tokens, private_key_jwt
from cardsvc.callers.models import Caller, CallerKind
from cardsvc.callers.principal import Principal, principal_of
from cardsvc.client import AssertionMalformed, AssertionVerifier, jwks
from cardsvc.client import webhooks as webhook_client
from cardsvc.fleet import enrolling
from cardsvc.offline import judging
from cardsvc.offline import service as journals
from cardsvc.trust.keystore import Keystore
from cardsvc.wire import base, jose, standard_webhooks
from cardsvc.wire.authentication import AssertionClaims
from cardsvc.wire.jose import UnverifiedJwt
from cardsvc.wire.offline_taps import PACKAGE_TYP
from kiosk.offline import supplies
from tests.attack import kiosks as at_kiosks
from tests.attack import visits as at_visits
from tests.attack.readers import READERS
from tests.attack.world import KIOSK

Careless = Callable[[pytest.MonkeyPatch], None]
MUTANTS: dict[str, tuple[Careless, str, str]] = {}
"""What is careless, where it shows, and the attack that must tell."""


def mutant(target: str, attack: str) -> Callable[[Careless], Careless]:
    def enter(make: Careless) -> Careless:
        MUTANTS[f"{make.__name__}: {target}, {attack}"] = (make, target, attack)
        return make

    return enter


def _no_signature(self: UnverifiedJwt, _key: Any, *, typ: str | None) -> Any:
    if (self.type or "JWT") != (typ or "JWT"):
        raise jose.JwtRefused
    return dict(self.claims)


def signature_unchecked(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(UnverifiedJwt, "verify", _no_signature)


for _reader in READERS:
    _attack = "attacker's key under the right name"
    MUTANTS[f"signature unchecked: {_reader.name}"] = (signature_unchecked, _reader.name, _attack)


@mutant("assertion, offline", "another type, rightly signed")
def type_unchecked(patch: pytest.MonkeyPatch) -> None:
    def read(self: AssertionVerifier, assertion: str) -> AssertionClaims:
        token = jose.parse(assertion)
        key = self._jwks.key(token.key_id or "")
        assert key is not None
        return AssertionClaims.model_validate(token.verify(key, typ=token.type))

    def careful(self: AssertionVerifier, assertion: str) -> AssertionClaims:
        try:
            return read(self, assertion)
        except jose.JwtRefused:
            raise AssertionMalformed from None

    patch.setattr(AssertionVerifier, "_read", careful)


@mutant("status list", "HS256 with the public key as secret")
def algorithm_of_the_header(patch: pytest.MonkeyPatch) -> None:
    """The classic: the key decides nothing, the header does."""

    def parse(compact: str, **_: Any) -> UnverifiedJwt:
        head, body, _signature = compact.split(".")
        header, claims = (json.loads(base64.urlsafe_b64decode(part + "==")) for part in (head, body))
        return UnverifiedJwt(header.get("kid"), header.get("typ"), claims, compact, jose._plain)

    def verify(self: UnverifiedJwt, key: Any, *, typ: str | None) -> Any:
        signed, _, signature = self._compact.rpartition(".")
        header = json.loads(base64.urlsafe_b64decode(signed.split(".")[0] + "=="))
        if header["alg"] != "HS256":
            return honest(self, key, typ=typ)
        pem = key.public_key.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
        if hmac.digest(pem, signed.encode(), "sha256") != base64.urlsafe_b64decode(signature + "=="):
            raise jose.JwtRefused
        return self.claims

    honest = UnverifiedJwt.verify
    patch.setattr(jose, "parse", parse)
    patch.setattr(UnverifiedJwt, "verify", verify)


@mutant("key change", "crit")
def unknown_header_members_ignored(patch: pytest.MonkeyPatch) -> None:
    more = {name: HeaderParameter("whatever it is", "str") for name in ("crit", "exp", "b64")}
    patch.setattr(jose._plain, "header_registry", {**jose._plain.header_registry, **more})
    patch.setattr(jose._plain, "check_header", lambda _header: None)


@mutant("client assertion", "a claim that comes twice")
def doubled_members_taken(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(jose, "_unique", dict)


@mutant("assertion, offline", "its time is over")
def times_unchecked(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(AssertionVerifier, "_check_time", staticmethod(lambda _claims, _now: None))


@mutant("assertion, offline", "somebody else's key under its own name")
def any_key_of_the_set(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(jwks, "_fit", lambda published, _typ: None if published is None else published.key)


@mutant("client assertion", "for somebody else, or by somebody else")
def names_unchecked(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(private_key_jwt, "_judge", lambda *_: None)


@mutant("client assertion", "the same again")
def one_time_names_not_kept(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(private_key_jwt, "_use_up", lambda *_: True)


@mutant("access token", "good for longer than anything of its kind")
def endless_tokens(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(access_tokens, "LONGEST", timedelta(days=10**5))


@mutant("proof at a kiosk", "another card's key, the other key of this card, the attacker's")
def proofs_unchecked(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(proofs, "_signed", lambda *_: True)


@mutant("proof at a department's reader", "the right numbers in another encoding")
def lenient_numbers(patch: pytest.MonkeyPatch) -> None:
    """BER for DER, as many programs take it: whatever is behind the second number does not matter."""
    honest = proofs._signed

    def lenient(trusted: Any, signature: bytes, statement: Any) -> bool:
        return any(honest(trusted, signature[:end], statement) for end in range(len(signature), 60, -1))

    patch.setattr(proofs, "_signed", lenient)


@mutant("proof at a kiosk", "says another audience than it was signed for")
def audience_as_it_is_told(patch: pytest.MonkeyPatch) -> None:
    """The audience is the service's knowledge, whatever the proof says; here what it says is not even looked at."""
    honest = proofs.ProofVerifier._refusal

    def refusal(self: Any, attempt: Any, challenge: Any, holder: Any) -> Any:
        told = attempt.proof.model_copy(update={"audience": attempt.actor.audience})
        return honest(self, replace(attempt, proof=told), challenge, holder)

    patch.setattr(proofs.ProofVerifier, "_refusal", refusal)


@mutant("proof at a kiosk", "a tap is shown for a PIN, or a PIN for a tap, signed rightly for what it is")
def level_as_it_is_told(patch: pytest.MonkeyPatch) -> None:
    """What the card signed is put together from what the proof says, instead of from the challenge."""
    honest = proofs.ProofVerifier._judge

    def judge(self: Any, attempt: Any, challenge: Any, holders: Any) -> Any:
        if isinstance(challenge, IssuedChallenge):
            value, level = challenge.value(self.keystore), attempt.proof.level
            challenge = _Told(**{name: getattr(challenge, name) for name in challenge.__slots__} | {"level": level})
            object.__setattr__(challenge, "told", value)
        return honest(self, attempt, challenge, holders)

    find = find_holders
    both = (0x9A, 0x9E)

    def find_both(connection: Connection, wanted: Any, **how: Any) -> Any:
        return find(connection, {(uuid, key) for uuid, _ in wanted for key in both}, **how)

    patch.setattr(proofs.ProofVerifier, "_judge", judge)
    patch.setattr(proofs, "find_holders", find_both)


class _Told(IssuedChallenge):
    """A challenge whose level is another's word."""

    told: bytes

    def value(self, keystore: Any) -> bytes:
        return self.told


@mutant("proof at a kiosk", "the handle says something else under the old code")
def handles_unchecked(patch: pytest.MonkeyPatch) -> None:
    def read_handle(keystore: Keystore, handle: str) -> IssuedChallenge:
        payload = base64.urlsafe_b64decode(handle + "===")[:-16]
        right = payload + challenges._tag(keystore, payload)
        return honest(keystore, base64.urlsafe_b64encode(right).rstrip(b"=").decode())

    def careful(keystore: Keystore, handle: str) -> IssuedChallenge:
        try:
            return read_handle(keystore, handle)
        except (IndexError, ValueError):
            raise ChallengeUnknown from None

    honest = challenges.read_handle
    patch.setattr(proofs, "read_handle", careful)


@mutant("proof at a kiosk", "a genuine proof, shown by another caller")
def whoever_calls(patch: pytest.MonkeyPatch) -> None:
    """Every proof is judged as if the first caller had shown it."""
    honest, callers = proofs.ProofVerifier.verify_all, list[Any]()

    def verify_all(self: Any, connection: Connection, attempts: Sequence[Any]) -> Any:
        callers.extend(attempt.actor for attempt in attempts)
        return honest(self, connection, [replace(attempt, actor=callers[0]) for attempt in attempts])

    patch.setattr(proofs.ProofVerifier, "verify_all", verify_all)


@mutant("proof at a kiosk", "the other signature of a pair: r and n - s")
def answers_not_counted(patch: pytest.MonkeyPatch) -> None:
    record = record_all

    def forgetful(connection: Connection, drafts: Sequence[Draft]) -> frozenset[UUID]:
        return record(connection, [replace(draft, challenge_id=None) for draft in drafts])

    patch.setattr(proofs, "record_all", forgetful)


@mutant("proof at a kiosk", "the signature's base64url padded, with white space, in another alphabet, with stray bits")
def lenient_base64(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(base, "decode_base64url", lambda text: base64.urlsafe_b64decode(text + "==="))


@mutant("visit token", "shown by another kiosk, a desk")
@mutant("visit kept", "shown by another kiosk, a desk")
@mutant("officer's sign-in", "shown by another kiosk, a desk")
def visits_of_anybody(patch: pytest.MonkeyPatch) -> None:
    honest = visits._own_visit

    def anybody(session: Any, token: str, actor: Any, now: Any) -> Any:
        visit = session.query(Visit).filter_by(token_sha256=hashlib.sha256(token.encode()).digest()).one()
        name = session.get_one(Caller, visit.caller_id).client_id
        mine = replace(actor, client_id=name, caller_id=visit.caller_id, key_thumbprint=visit.key_thumbprint)
        return honest(session, token, mine, now)

    patch.setattr(visits, "_own_visit", anybody)


@mutant("officer's sign-in", "with a card of nobody, of two officers, not confirmed or held, or only tapped")
def officers_of_any_card(patch: pytest.MonkeyPatch) -> None:
    def officer_with(session: Session, visit: Visit) -> Caller:
        found = session.query(Caller).filter_by(citizen_id=visit.citizen_id, kind=CallerKind.OFFICER).first()
        if found is None:
            raise CardOfNoOfficer
        return found

    patch.setattr(signing_in, "_officer_with", officer_with)


@mutant("officer's sign-in", "at a kiosk, with the officer's own visit there")
def officers_anywhere(patch: pytest.MonkeyPatch) -> None:
    def opened(session: Session, token: str, actor: Principal, now: datetime, times: VisitTimes) -> Visit:
        return visits.open_visit(session, token, actor=actor, now=now, times=times)

    patch.setattr(signing_in, "_open", opened)


@mutant("officer's sign-in", "for scopes that the officer does not hold")
def scopes_as_wanted(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(signing_in, "_allowed", lambda officer, _wanted: principal_of(officer).scopes)


@mutant("visit kept", "kept going for longer than a visit lasts")
def visits_without_end(patch: pytest.MonkeyPatch) -> None:
    def keep(session: Session, token: str, *, actor: Principal, now: datetime, times: VisitTimes) -> None:
        visit = visits.open_visit(session, token, actor=actor, now=now, times=times)
        visit.last_used_at, visit.expires_at = now, now + times.longest

    patch.setattr(at_visits, "keep_visit", keep)


@mutant("offline tap", "another card's key, the other key of this card, the kiosk's, the attacker's")
@mutant("offline tap", "the same signature, or the same entry, in the next place")
def offline_signatures_unchecked(patch: pytest.MonkeyPatch) -> None:
    honest = judging.TapJudge._forged

    def forged(self: Any, *about: Any) -> str | None:
        found = honest(self, *about)
        return None if found == SignatureInvalid.code else found

    patch.setattr(judging.TapJudge, "_forged", forged)


@mutant("offline tap", "by a kiosk that heard from the city too long before, or only afterwards")
def offline_age_unchecked(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(judging, "_policy_reason", lambda *_: None)


@mutant("offline tap", "by a package that this kiosk was never given")
def packages_unchecked(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(judging, "_time_reason", lambda *_: None)


@mutant("offline tap", "a hash that is another, or of another kiosk's entry")
def journals_unchecked(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(journals, "_entry_fault", lambda *_: None)


@mutant("offline tap", "brought by another kiosk, or a desk, in its own name or in this one's")
def kiosks_as_they_say(patch: pytest.MonkeyPatch) -> None:
    """What came is taken for this kiosk's, whoever brings it."""
    honest = journals.Journals.take

    def take(self: Any, session: Session, batch: Any, *, actor: Principal, now: datetime) -> Any:
        del actor
        caller = session.query(Caller).filter_by(client_id=KIOSK).one()
        return honest(self, session, batch, actor=principal_of(caller), now=now)

    patch.setattr(journals.Journals, "take", take)


@mutant("enrolment code", "used by another kiosk, replaced by a newer one, or another city's")
def codes_for_ever(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(enrolling, "_told_again", lambda *_: None)


@mutant("offline package", "for somebody else, or by somebody else")
def packages_of_anybody(patch: pytest.MonkeyPatch) -> None:
    honest = supplies.check_package

    def check(compact: str, root: Any, _kiosk: str) -> Any:
        return honest(compact, root, str(jose.parse_certified(compact, typ=PACKAGE_TYP).token.claims.get("aud")))

    def careful(compact: str, root: Any, kiosk: str) -> Any:
        try:
            return check(compact, root, kiosk)
        except jose.JwtRefused:
            raise supplies.SuppliesRefused from None

    patch.setattr(at_kiosks, "check_package", careful)


@mutant("webhook", "one bit of the body is another")
def webhooks_unchecked(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(standard_webhooks, "is_signed", lambda *_: True)


@mutant("webhook", "old, or from the future, rightly signed then")
def webhooks_of_any_age(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(webhook_client, "abs", lambda _seconds: 0, raising=False)
