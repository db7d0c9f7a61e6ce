"""Which sayings there are, and what each is said about: codes of the card service, and classes of errors.

A saying has three lines: what happened, what is safe, what to do next. The second and the third are shared, so that
the same words always mean the same. `kiosk.desk.failures` looks things up here; tests prove that nothing is missing.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, NamedTuple

from cardsvc.client import ServiceProblem, ServiceUnreachable
from cardsvc.client.errors import ClientError
from kiosk.desk.cropping import PhotographRefused
from kiosk.desk.drafts import DraftUnreadable
from kiosk.desk.handing_over import CollectedByHolder, CollectedByProxy, NotHandedOver, PinUnknown
from kiosk.desk.issuing import NotApproved, NotInStock, OtherCardReserved
from kiosk.desk.paper import NotPrinted
from kiosk.desk.progress import Cancelled, StoppedLooking, StoppedWaiting
from kiosk.desk.relay import RelayBroken, RelayRefused
from kiosk.desk.seat import PinForgotten
from kiosk.desk.stock import SerialsMalformed
from kiosk.pins import PinInDoubt
from kiosk.proving import OtherCard
from readers import errors as cards
from readers.pinpad import PinNotEntered

UNFORESEEN: Final = "unforeseen"
UNKNOWN_REFUSAL: Final = "unknown-refusal"
NOT_FOR_A_DESK: Final = "not-for-a-desk"


class Lines(NamedTuple):
    """The keys of the second and the third line. The first has the key of the saying."""

    safe: str
    next: str


SAYINGS: Final[Mapping[str, Lines]] = {
    "wrong-pin": Lines("keys-safe", "enter-again"),
    "pin-blocked": Lines("tries-protect", "unblock"),
    "no-card": Lines("nothing-done", "put-in"),
    "card-removed": Lines("on-record", "put-in-again"),
    "card-reset": Lines("keys-safe", "pin-again"),
    "card-busy": Lines("nothing-done", "close-others"),
    "card-mute": Lines("keys-safe", "wipe-chip"),
    "card-stuck": Lines("on-record", "take-out"),
    "reader-failed": Lines("on-record", "replug"),
    "no-reader": Lines("nothing-done", "replug"),
    "several-readers": Lines("nothing-done", "one-reader"),
    "no-pcsc": Lines("nothing-done", "start-pcsc"),
    "not-a-citizen-card": Lines("nothing-done", "right-card"),
    "contact-needed": Lines("nothing-done", "contact-reader"),
    "card-nonsense": Lines("keys-safe", "wipe-chip"),
    "pin-needed": Lines("nothing-done", "pin-again"),
    "card-not-genuine": Lines("card-refused-everywhere", "keep-suspect"),
    "certificate-untrusted": Lines("card-refused-everywhere", "replace-or-renew"),
    "certificate-expired": Lines("card-refused-everywhere", "replace-or-renew"),
    "certificate-early": Lines("nothing-done", "check-clock"),
    "certificate-revoked": Lines("card-refused-everywhere", "keep-suspect"),
    "revocation-unknown": Lines("nothing-done", "try-later"),
    "cancelled": Lines("nothing-done", "go-on"),
    "stopped-looking": Lines("out-of-date", "look-again"),
    "stopped-waiting": Lines("may-be-done", "look-then-repeat"),
    "unreachable": Lines("may-be-done", "wait-connection"),
    "service-fault": Lines("may-be-done", "try-later"),
    "not-signed": Lines("nothing-done", "once-more"),
    "folder-failed": Lines("entries-kept", "free-space"),
    "no-such-file": Lines("entries-kept", "choose-file"),
    "session-over": Lines("entries-kept", "sign-in-again"),
    "no-officers-card": Lines("no-try-spent", "officers-card"),
    "desk-not-admitted": Lines("no-try-spent", "tell-administrator"),
    "not-permitted": Lines("nothing-done", "ask-permitted"),
    "shut-out": Lines("on-record", "ask-permitted"),
    "same-person": Lines("nothing-done", "ask-colleague"),
    "needs-approval": Lines("nothing-done", "ask-colleague"),
    "about-yourself": Lines("nothing-done", "leave-to-colleague"),
    "asked-already": Lines("nothing-done", "decide-that-first"),
    "approval-over": Lines("nothing-done", "ask-again"),
    "gone": Lines("nothing-done", "refresh"),
    "no-such-card": Lines("nothing-done", "check-number"),
    "no-such-report": Lines("nothing-done", "check-number"),
    "no-photo": Lines("nothing-done", "take-photo"),
    "no-proxy": Lines("record-right", "nothing-more"),
    "no-such-office": Lines("nothing-done", "tell-administrator"),
    "changed-meanwhile": Lines("record-right", "refresh"),
    "does-not-follow": Lines("nothing-done", "refresh"),
    "proof-too-late": Lines("nothing-done", "once-more"),
    "card-not-active": Lines("nothing-done", "see-hold"),
    "locked-by-citizen": Lines("nothing-done", "citizen-unlocks"),
    "still-going-on": Lines("may-be-done", "wait-finish"),
    "too-many": Lines("nothing-done", "wait-repeat"),
    "serials-malformed": Lines("entries-kept", "mend-entries"),
    "entries-refused": Lines("entries-kept", "mend-entries"),
    "too-large": Lines("entries-kept", "smaller-file"),
    "draft-unreadable": Lines("nothing-done", "begin-again"),
    "photo-refused": Lines("entries-kept", "another-photo"),
    "document-refused": Lines("entries-kept", "scan-again"),
    "guardian-refused": Lines("entries-kept", "other-guardian"),
    "person-enrolled": Lines("entries-kept", "open-person"),
    "application-open": Lines("entries-kept", "open-application"),
    "has-a-card": Lines("entries-kept", "choose-kind"),
    "loss-not-reported": Lines("entries-kept", "report-first"),
    "renewal-too-early": Lines("record-right", "come-later"),
    "not-a-draft": Lines("record-right", "cancel-and-new"),
    "consent-needed": Lines("entries-kept", "get-consent"),
    "consent-not-needed": Lines("entries-kept", "without-consent"),
    "consent-not-proved": Lines("nothing-done", "guardians-card"),
    "person-erased": Lines("nothing-done", "enrol-anew"),
    "person-needed": Lines("nothing-done", "end-those-first"),
    "being-made": Lines("nothing-done", "cancel-first"),
    "nothing-to-correct": Lines("record-right", "nothing-more"),
    "registry-says-gone": Lines("nothing-done", "clear-registry"),
    "settled-already": Lines("record-right", "nothing-more"),
    "not-called-for": Lines("entries-kept", "choose-kind"),
    "not-assigned": Lines("nothing-written", "reserve-first"),
    "not-blank": Lines("nothing-written", "reserved-card"),
    "not-fresh": Lines("nothing-written", "put-aside"),
    "card-locked": Lines("on-record", "give-up"),
    "another-card": Lines("nothing-written", "begun-card"),
    "card-failed": Lines("on-record", "resume"),
    "card-refused": Lines("on-record", "resume"),
    "card-bad": Lines("not-given-out", "give-up"),
    "product-unsuited": Lines("nothing-written", "other-product"),
    "desk-busy": Lines("nothing-written", "wait-desk"),
    "relay-broken": Lines("on-record", "resume"),
    "not-approved-yet": Lines("nothing-done", "refresh"),
    "other-card-reserved": Lines("nothing-written", "reserved-card"),
    "not-in-stock": Lines("nothing-written", "check-number"),
    "collected-by-holder": Lines("on-record", "as-on-record"),
    "collected-by-proxy": Lines("on-record", "as-on-record"),
    "pin-in-doubt": Lines("keys-safe", "put-in-again"),
    "not-printed": Lines("nothing-done", "see-printer"),
    "pin-unknown": Lines("last-try-kept", "unblock"),
    "pin-not-entered": Lines("no-try-spent", "keypad-again"),
    "not-the-same-card": Lines("nothing-done", "put-in-again"),
    "taken-over": Lines("record-right", "look-at-card"),
    "not-begun": Lines("record-right", "look-at-card"),
    "not-unblockable": Lines("nothing-written", "look-at-card"),
    "unblocking-not-open": Lines("nothing-written", "ask-unblocking"),
    "puk-blocked": Lines("tries-protect", "replace-card"),
    "card-over": Lines("nothing-done", "replace-or-renew"),
    "found-too-late": Lines("not-given-out", "destroy-and-new"),
    "hold-stands": Lines("nothing-done", "see-hold"),
    "not-temporary": Lines("nothing-done", "other-act"),
    "proof-of-another": Lines("nothing-done", "right-card"),
    "in-stock-already": Lines("record-right", "check-number"),
    "another-active": Lines("nothing-done", "other-card-first"),
    "not-their-document": Lines("nothing-done", "ask-document"),
    "not-verified": Lines("nothing-done", "ask-more"),
    "reported-already": Lines("not-given-out", "nothing-more"),
    "nothing-to-report": Lines("record-right", "check-number"),
    "count-differs": Lines("nothing-done", "count-again"),
    "not-in-custody": Lines("nothing-done", "own-cards"),
    "not-the-recipient": Lines("nothing-done", "recipient-accepts"),
    "nothing-to-hand-over": Lines("nothing-done", "choose-cards"),
    "range-malformed": Lines("entries-kept", "check-number"),
    "serial-not-of-batch": Lines("entries-kept", "check-number"),
    "log-damaged": Lines("nothing-done", "call-supervisor"),
    "quota-full": Lines("nothing-done", "tomorrow"),
    "unforeseen": Lines("may-be-done", "look-then-repeat"),
    "unknown-refusal": Lines("nothing-done", "tell-administrator"),
    NOT_FOR_A_DESK: Lines("nothing-done", "tell-administrator"),
}
"""By name, which is also the key of what happened."""

_CODES_OF: Final[Mapping[str, str]] = {
    "contact-needed": "contact-reader-needed",
    "card-not-genuine": "signature-invalid",
    "certificate-untrusted": "certificate-refused key-origin-refused",
    "service-fault": "internal-error not-ready",
    "not-signed": "assertion-not-signed",
    "session-over": "invalid-token not-authenticated visit-ended visit-unknown visit-foreign step-up-required",
    "no-officers-card": "card-of-no-officer own-card-refused",
    "desk-not-admitted": """
        client-refused sign-in-elsewhere kiosk-disabled scope-not-allowed grant-unsupported token-request-malformed
        caller-disabled
    """,
    "not-permitted": "insufficient-scope investigation-not-approved",
    "shut-out": "caller-shut-out",
    "same-person": "same-person",
    "needs-approval": "not-approved takes-two",
    "about-yourself": "recipient-decides",
    "asked-already": "approval-pending",
    "approval-over": "approval-expired approval-spent investigation-over",
    "gone": """
        no-such-application no-such-approval no-such-citizen no-such-document no-such-hand-over
        no-such-registry-event no-such-role-grant record-not-found caller-unknown incident-not-found
        investigation-unknown
    """,
    "no-such-card": "no-such-card card-unknown",
    "no-such-report": "no-such-loss-report",
    "no-photo": "no-photo",
    "no-proxy": "no-proxy",
    "no-such-office": "no-such-office",
    "changed-meanwhile": """
        changed-meanwhile policy-changed-meanwhile fleet-plan-changed-meanwhile incident-closed hand-over-settled
        role-held role-not-held
    """,
    "does-not-follow": "transition-refused",
    "proof-too-late": """
        challenge-unknown challenge-expired challenge-foreign challenge-replayed level-without-challenge
        proof-for-another-level proof-for-another-audience proof-not-for-activation
    """,
    "card-not-active": "card-not-active",
    "locked-by-citizen": "locked-by-citizen",
    "still-going-on": "idempotency-key-in-use",
    "too-many": "too-many-requests",
    "entries-refused": "invalid-request incident-not-yet release-date-refused",
    "too-large": "request-too-large",
    "photo-refused": "photo-refused",
    "document-refused": "document-refused",
    "guardian-refused": "guardian-refused",
    "person-enrolled": "person-enrolled",
    "application-open": "application-open",
    "has-a-card": "card-in-use",
    "loss-not-reported": "loss-not-reported",
    "renewal-too-early": "renewal-too-early",
    "not-a-draft": "not-a-draft",
    "consent-needed": "consent-needed",
    "consent-not-needed": "consent-not-needed",
    "consent-not-proved": "consent-not-proved",
    "person-erased": "person-erased",
    "person-needed": "person-needed",
    "being-made": "application-under-way",
    "nothing-to-correct": "nothing-to-correct",
    "registry-says-gone": "registry-event-stands",
    "settled-already": "registry-event-settled",
    "not-called-for": "card-does-not-call-for-it",
    "not-assigned": "card-not-assigned",
    "not-blank": "card-not-blank card-begun-elsewhere",
    "not-fresh": "card-not-factory-fresh",
    "card-locked": "card-locked",
    "another-card": "another-card",
    "card-failed": "card-failed",
    "card-refused": "card-refused",
    "card-bad": """
        card-not-conforming key-already-certified unfit-key weak-key possession-not-proved attestation-refuted
        serial-mismatch
    """,
    "product-unsuited": "product-unsuited",
    "desk-busy": "desk-busy",
    "relay-broken": "desk-gone desk-confused",
    "taken-over": "taken-over",
    "not-begun": "not-begun",
    "not-unblockable": "not-unblockable",
    "unblocking-not-open": "unblocking-not-open",
    "puk-blocked": "puk-blocked",
    "card-over": "card-over",
    "found-too-late": "found-too-late",
    "hold-stands": "hold-stands",
    "not-temporary": "not-a-temporary-card",
    "proof-of-another": "proof-of-another-card",
    "in-stock-already": "stock-number-taken",
    "another-active": "another-card-active",
    "not-their-document": "identity-not-shown",
    "not-verified": "caller-not-verified",
    "reported-already": "already-reported",
    "nothing-to-report": "nothing-to-report",
    "count-differs": "count-differs",
    "not-in-custody": "not-in-custody",
    "not-the-recipient": "not-the-recipient",
    "nothing-to-hand-over": "nothing-to-hand-over",
    "range-malformed": "range-malformed",
    "serial-not-of-batch": "serial-not-of-batch",
    "log-damaged": "log-damaged",
    "quota-full": "sealed-entries-full",
    "unknown-refusal": "relay-denied",
    NOT_FOR_A_DESK: """
        already-founded assertion-refused attributes-not-covered backup-damaged backup-exists caller-exists
        caller-kind-refused copy-refused cursor-refused department-exists department-not-found
        department-unknown enrolment-code-expired enrolment-code-unknown enrolment-code-used
        enrolment-proof-refused event-unknown evidence-not-found idempotency-key-malformed
        idempotency-key-reused issuer-in-use journal-refused key-change-refused key-overlap-refused
        kiosk-unknown last-administrator method-not-allowed no-such-fleet-plan not-a-backup not-found
        not-published not-subscribed office-exists office-in-use outside-log policy-draft-not-found
        policy-invalid prepared-document-refused pseudonym-unknown purpose-not-covered questions-not-covered
        range-refused reader-not-covered resident-known revocation-unknown room-taken rotation-too-soon
        seal-not-found seal-refused service-not-covered service-not-signed two-founders-needed unusable-key
        webhook-url-refused witness-needed
    """,
}
BY_CODE: Final[Mapping[str, str]] = {code: name for name, codes in _CODES_OF.items() for code in codes.split()}
"""The saying for each code of a problem, and for the relay's own."""

BY_CLASS: Final[Mapping[type[Exception], str]] = {
    cards.WrongPin: "wrong-pin",
    cards.PinBlocked: "pin-blocked",
    cards.NoCard: "no-card",
    cards.CardRemoved: "card-removed",
    cards.CardReset: "card-reset",
    PinForgotten: "card-reset",
    PhotographRefused: "photo-refused",
    DraftUnreadable: "draft-unreadable",
    cards.CardBusy: "card-busy",
    cards.CardMute: "card-mute",
    cards.CardStuck: "card-stuck",
    cards.ReaderError: "reader-failed",
    cards.ReaderFailed: "reader-failed",
    cards.WorkerEnded: "reader-failed",
    cards.NoSuchReader: "no-reader",
    cards.AmbiguousReader: "several-readers",
    cards.PcscUnavailable: "no-pcsc",
    cards.NotAPivCard: "not-a-citizen-card",
    cards.ContactlessForbidden: "contact-needed",
    cards.CardError: "card-nonsense",
    cards.ObjectNotFound: "card-nonsense",
    cards.ProtocolError: "card-nonsense",
    cards.MalformedTlv: "card-nonsense",
    cards.SignerUnknown: "card-nonsense",
    cards.SecurityNotSatisfied: "pin-needed",
    cards.CardNotAuthenticated: "card-not-genuine",
    cards.CardInconsistent: "card-not-genuine",
    cards.PathError: "certificate-untrusted",
    cards.CertificateUntrusted: "certificate-untrusted",
    cards.CertificateForged: "certificate-untrusted",
    cards.CertificatePolicyMissing: "certificate-untrusted",
    cards.CertificateUnfit: "certificate-untrusted",
    cards.CertificateExpired: "certificate-expired",
    cards.CertificateNotYetValid: "certificate-early",
    cards.CertificateRevoked: "certificate-revoked",
    cards.RevocationUnknown: "revocation-unknown",
    Cancelled: "cancelled",
    StoppedLooking: "stopped-looking",
    StoppedWaiting: "stopped-waiting",
    ServiceUnreachable: "unreachable",
    FileNotFoundError: "no-such-file",
    OSError: "folder-failed",
    RelayBroken: "relay-broken",
    NotApproved: "not-approved-yet",
    OtherCardReserved: "other-card-reserved",
    NotInStock: "not-in-stock",
    NotHandedOver: "does-not-follow",
    CollectedByHolder: "collected-by-holder",
    CollectedByProxy: "collected-by-proxy",
    SerialsMalformed: "serials-malformed",
    PinInDoubt: "pin-in-doubt",
    PinUnknown: "pin-unknown",
    NotPrinted: "not-printed",
    PinNotEntered: "pin-not-entered",
    OtherCard: "not-the-same-card",
    RelayRefused: "unknown-refusal",
    ServiceProblem: "unknown-refusal",
    ClientError: NOT_FOR_A_DESK,
}
"""The saying for each class; what descends from it has the same unless it has its own."""
