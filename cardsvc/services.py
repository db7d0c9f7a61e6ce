"""What the service is made of, wired once at the start and passed to whoever needs it."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from datetime import timedelta
from functools import cached_property
from random import SystemRandom

from cardsvc.audit.signing import LogSigner
from cardsvc.authentication.assertions import AssertionIssuer
from cardsvc.authentication.chains import ChainVerdicts
from cardsvc.authentication.own_readers import OwnReaders
from cardsvc.authentication.proofs import ProofVerifier
from cardsvc.authentication.signing_in import SignIns
from cardsvc.authentication.turnstile import Turnstile
from cardsvc.authentication.verifications import AssertionJudge
from cardsvc.authentication.visits import VisitTimes
from cardsvc.callers.access_tokens import AccessTokens
from cardsvc.clock import Clock, system_clock
from cardsvc.db import SessionFactory, create_database_engine, session_factory
from cardsvc.evidence.service import Attestor
from cardsvc.evidence.signing import EvidenceSigner
from cardsvc.issuance.makers import TrustedMakers
from cardsvc.limits import Buckets, Seconds, parse_limits
from cardsvc.offline.judging import TapJudge
from cardsvc.offline.packing import Packer
from cardsvc.offline.service import Journals
from cardsvc.offline.telling import Teller
from cardsvc.sealed.vault import Vault
from cardsvc.settings import TEST, Settings
from cardsvc.signing.service import Signing
from cardsvc.signing.signers import SignerRules
from cardsvc.timekeeping import Timekeeper
from cardsvc.trust.addresses import Addresses
from cardsvc.trust.authority import IssuingAuthority
from cardsvc.trust.key_ring import KeyRing
from cardsvc.trust.keystore import Keystore, KeystoreError
from cardsvc.trust.keystores import load_keystore
from cardsvc.trust.ocsp import Responder
from cardsvc.trust.publishing import Publisher
from cardsvc.webhooks.addresses import AddressRules
from cardsvc.webhooks.delivering import Courier, Limits
from cardsvc.webhooks.postman import Postman
from cardsvc.webhooks.sending import HttpSender, trust


@dataclass(frozen=True)
class Services:
    """The parts that routes and the command line work with."""

    settings: Settings
    clock: Clock
    sessions: SessionFactory
    keystore: Keystore
    authority: IssuingAuthority
    trusted_makers: TrustedMakers = field(default_factory=TrustedMakers)
    """Card makers whose attestations count."""
    seconds: Seconds = time.monotonic
    """By which rate limits are counted."""

    @cached_property
    def proofs(self) -> ProofVerifier:
        """Verifies what cards sign. One for all requests: it remembers the paths of certificates."""
        chains = ChainVerdicts(self.authority.root, self.authority.issuers)
        return ProofVerifier(self.keystore, self.settings.issuer, chains)

    @cached_property
    def key_ring(self) -> KeyRing:
        """The keys of tokens, which are rotated."""
        return KeyRing(self.keystore, self.sessions, self.clock)

    @cached_property
    def publisher(self) -> Publisher:
        """Revocation lists and status lists, signed once for all who ask."""
        return Publisher(self.sessions, self.clock)

    @cached_property
    def responder(self) -> Responder:
        """Answers about certificates (OCSP)."""
        return Responder(self.authority, self.sessions, self.publisher, self.clock)

    @cached_property
    def turnstile(self) -> Turnstile:
        """Lets proved cards into visits."""
        return Turnstile(self.sessions, self.proofs, self.own_readers, self.visit_times)

    @cached_property
    def own_readers(self) -> OwnReaders:
        """Tells departments who is at their readers."""
        return OwnReaders(self.keystore, self.key_ring, self.settings.issuer, self.assertion_lifetime)

    @cached_property
    def access_tokens(self) -> AccessTokens:
        """Knows callers by the tokens they were given."""
        return AccessTokens(self.key_ring, self.settings.issuer, self.sessions, self.clock)

    @cached_property
    def sign_ins(self) -> SignIns:
        """Lets officers in by their cards."""
        longest = timedelta(seconds=self.settings.access_token_seconds)
        return SignIns(self.access_tokens, self.visit_times, longest)

    @cached_property
    def audit_signer(self) -> LogSigner:
        """Signs for the audit log."""
        return LogSigner.of(self.keystore, self.settings.issuer)

    @cached_property
    def assertions(self) -> AssertionIssuer:
        """Makes what departments get."""
        return AssertionIssuer(
            self.keystore, self.key_ring, self.settings.issuer, self.assertion_lifetime, self.visit_times
        )

    @cached_property
    def signing(self) -> Signing:
        """Has citizens sign what departments prepared."""
        signer_rules = SignerRules(self.proofs.chains, asserted_keys=self.settings.sign_with_asserted_keys)
        lifetime = timedelta(seconds=self.settings.challenge_seconds)
        return Signing(self.authority, self.responder, self.assertions, signer_rules, lifetime)

    @cached_property
    def judge(self) -> AssertionJudge:
        """Verifies for departments what they got."""
        return AssertionJudge(self.key_ring, self.settings.issuer)

    @cached_property
    def buckets(self) -> Buckets:
        """Counts how often each caller asks."""
        return Buckets(parse_limits(self.settings.rate_limits), self.seconds)

    @cached_property
    def attestor(self) -> Attestor:
        """Attests what departments were told."""
        return Attestor(self.keystore, self.evidence_signer, self.audit_signer, self.settings.issuer)

    @cached_property
    def evidence_signer(self) -> EvidenceSigner:
        """Signs what is believed without asking us."""
        return EvidenceSigner(self.key_ring, self.authority)

    @cached_property
    def packer(self) -> Packer:
        """Makes what kiosks take along for the time without their network."""
        return Packer(
            self.sessions,
            self.publisher,
            self.key_ring,
            self.authority,
            self.evidence_signer,
            self.settings.issuer,
        )

    @cached_property
    def journals(self) -> Journals:
        """Takes the taps that kiosks bring back."""
        teller = Teller(self.keystore, self.key_ring, self.settings.issuer, self.assertion_lifetime)
        return Journals(TapJudge(self.proofs.chains), teller)

    @cached_property
    def vault(self) -> Vault:
        """Keeps sealed entries."""
        return Vault(self.keystore, self.settings.sealed_entries)

    @cached_property
    def timekeeper(self) -> Timekeeper:
        """Meets deadlines."""
        return Timekeeper(self.sessions, self.clock, timedelta(hours=self.settings.reservation_hours), self.vault)

    @property
    def assertion_lifetime(self) -> timedelta:
        """How long a department may accept an assertion."""
        return timedelta(seconds=self.settings.assertion_seconds)

    @cached_property
    def webhook_rules(self) -> AddressRules:
        """Where events may be sent."""
        return AddressRules(self.settings.webhook_private_addresses, self.settings.webhook_plain_http)

    @cached_property
    def postman(self) -> Postman:
        """Sends departments what they are owed."""
        limits = Limits(
            timedelta(seconds=self.settings.webhook_seconds), timedelta(hours=self.settings.webhook_patience_hours)
        )
        sender = HttpSender(self.webhook_rules, limits.attempt, trust(self.settings.webhook_ca_file))
        courier = Courier(self.sessions, self.keystore, sender, self.clock, SystemRandom().random, limits)
        return Postman(self.sessions, courier, self.clock)

    @cached_property
    def visit_times(self) -> VisitTimes:
        """How long a visit may last."""
        idle, longest = self.settings.visit_idle_seconds, self.settings.visit_seconds
        return VisitTimes(timedelta(seconds=idle), timedelta(seconds=longest))


def build_services(settings: Settings, clock: Clock = system_clock) -> Services:
    """Open the database and the keystore that `cardsvc init` made. Raises KeystoreError, ValueError or OSError."""
    keystore = load_keystore(settings)
    authority = IssuingAuthority.load(settings.keystore_dir, keystore, Addresses(settings.issuer))
    _check_kind(authority, sandbox=settings.sandbox)
    return Services(
        settings=settings,
        clock=clock,
        sessions=session_factory(create_database_engine(settings.database_url)),
        keystore=keystore,
        authority=authority,
        trusted_makers=TrustedMakers.load(settings.attestation_roots_file),
    )


def _check_kind(authority: IssuingAuthority, *, sandbox: bool) -> None:
    """Test cards are good at a sandbox alone, and a sandbox knows nobody's real card."""
    if authority.title.startswith(TEST) != sandbox:
        kind = "a city's" if sandbox else "a sandbox's"
        raise KeystoreError(f"these are {kind} keys: CARDSVC_SANDBOX is {str(sandbox).lower()}")
