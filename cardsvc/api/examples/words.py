"""What members look like that are called the same wherever they are.

Published examples: the key is that of RFC 7515 §A.3, tokens are its JWS; random bytes are those of RFC 7636 appendix B;
the card's signature is of RFC 6979 §A.2.5; the note, of an empty log, is signed with the first key of RFC 8032 §7.1.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

JWS: Final = (
    "eyJhbGciOiJFUzI1NiJ9.eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVl"
    "fQ.DtEhU3ljbEg8L38VWAfUAqOyKAM6-Xx-F4GawxaepmXFCgfTjDxw5djxLa8ISlSApmWQxfKTUJqPP3-Kg6NU1Q"
)
NOTE_KEY: Final = "cards.example/audit+308e48fa+AddamAGCsQq31Uv+08lkBzoO4XLz2qYjJa8CGmj3B1Ea"
NOTE: Final = (
    "cards.example/audit\n0\n47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=\n\n"
    "— cards.example/audit "
    "MI5I+hbaTzHqts+ezEQJPk3A36XmelYSGRICvb5coyhK9HJCoNJyRanJWdVINxkomcjAmjoSLmHUeDGrPsORWOrWqgY=\n"
)
ISSUER: Final = "https://cards.example"
DEPARTMENT: Final = "urn:citizen-card:department:medical-insurance"
_KEY: Final = {
    "kty": "EC",
    "crv": "P-256",
    "x": "f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU",
    "y": "x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0",
}
_THUMBPRINT: Final = "oKIywvGUpTVTyxMQ3bwIIeQUudfr_CkLMjCE19ECD-U"
_RANDOM: Final = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"
_PSEUDONYM: Final = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"
_CLERK: Final = "officer-17"
_COLLEAGUE: Final = "officer-23"
_KIOSK: Final = "kiosk-town-hall"
_CARD: Final = "6f1d3c52-8a0b-4c7e-9d24-51b7a0e3f986"
_CITIZEN: Final = "019ac9a4-3d10-7c55-8b1e-0f6a2d4c9e71"
_MORNING: Final = "2026-11-27T09:30:00Z"
_SOON: Final = "2026-11-27T09:35:00Z"
_LATER: Final = "2026-12-04T09:30:00Z"


def _id(number: int) -> str:
    """Ids of rows rise with time (UUIDv7); these are made up."""
    return f"019ac9a4-5e2f-7a31-b6c8-{number:012x}"


_SIGNED_ATTRIBUTES: Final = (
    "MYHFMBgGCSqGSIb3DQEJAzELBgkqhkiG9w0BBwEwHAYJKoZIhvcNAQkFMQ8XDTI2MTEyNzA5MzAwMFowIQYLKoZIhvcNAQkQAgcxEgQQAAAAAA"
    "AAAAAAAAAAAAAAADAvBgkqhkiG9w0BCQQxIgQg47DEQpj8HBSa-_TImW-5JCeuQeRkm5NMpJWZG3hSuFUwNwYLKoZIhvcNAQkQAi8xKDAmMCQw"
    "IgQgK2yDWVq6RVSbjekAXDcgTzYwSgcpU_NAu5EqMhMKSm0"
)

WORDS: Final[Mapping[str, Any]] = {
    "access_token": JWS,
    "acknowledged_at": None,
    "acr": "pin",
    "actor": _CLERK,
    "actor_title": None,
    "added_at": _MORNING,
    "added_by": _CLERK,
    "answer": "yes",
    "application_id": _id(1),
    "application_ids": [_id(1)],
    "appointment": "2026-4711",
    "approved_by": _COLLEAGUE,
    "asked": ["birth-date", "document-number", "last-visit"],
    "asked_at": _MORNING,
    "assertion": JWS,
    "at": _MORNING,
    "attempts": 1,
    "attributes": ["district"],
    "aud": DEPARTMENT,
    "audience": DEPARTMENT,
    "authentication_id": _id(3),
    "birth_date": "1958-04-12",
    "birth_year": 1958,
    "card_needed": True,
    "card_number": "HQ-00001234",
    "card_state": "held",
    "card_uuid": _CARD,
    "challenge": _RANDOM,
    "challenge_handle": "bG9vay1hbGlrZS1vZi1hLWhhbmRsZQ",
    "changed": ["district"],
    "changes_version": 6,
    "channel": "desk",
    "checkpoint": NOTE,
    "citizen_id": _CITIZEN,
    "client_id": _KIOSK,
    "closed_at": None,
    "closed_by": None,
    "cms": "MIILgQYJKoZIhvcNAQcC",
    "code": "medical-insurance",
    "complete": 41,
    "consent": None,
    "corrected_by": _CLERK,
    "corrections": 1,
    "count": 12,
    "counted_at": _MORNING,
    "counted_by": _CLERK,
    "created_at": "2026-01-05T08:00:00Z",
    "cursor": "WyIwMTlhYzlhNCJd",
    "custodian": _CLERK,
    "day": "2026-11-27",
    "decided_at": None,
    "decided_by": None,
    "delivered_at": None,
    "delivery": "SUP-2026-118",
    "department": "medical-insurance",
    "department_title": "Medical insurance",
    "desk": "Duty desk, data protection",
    "disabled_at": None,
    "district": "taipa",
    "document_id": _id(4),
    "document_number": "X1234567",
    "document_sha256": _RANDOM,
    "drafted_at": _MORNING,
    "drafted_by": _CLERK,
    "email": "incidents@medical-insurance.example",
    "ends_at": "2027-02-27T09:30:00Z",
    "erased_at": _MORNING,
    "event_id": _id(6),
    "evidence": JWS,
    "exp": 1795771920,
    "expected": 250,
    "expires_at": _SOON,
    "expires_in": 300,
    "expires_on": "2036-11-26",
    "failing_since": None,
    "failure": None,
    "failures": 0,
    "former_thumbprint": None,
    "former_until": _LATER,
    "found_until": _LATER,
    "from_officer": _CLERK,
    "granted_at": None,
    "guardian_id": "019ac9a4-3d10-7c55-8b1e-0f6a2d4c9e72",
    "handle": "bG9vay1hbGlrZS1vZi1hLWhhbmRsZQ",
    "height": 900,
    "hold_reason": None,
    "iat": 1795771800,
    "id": _id(9),
    "idle_seconds": 90,
    "index": 2,
    "iss": ISSUER,
    "issued_token_type": None,
    "issuer": ISSUER,
    "jti": _id(12),
    "last_acknowledged_at": _MORNING,
    "leaf_hash": _RANDOM,
    "level": "pin",
    "limit": 100,
    "looks": 2,
    "match": "name",
    "max_seconds": 5.25,
    "media_type": "application/pdf",
    "milliseconds": 38,
    "missing": ["HQ-00001240"],
    "more": False,
    "name": "陳大文",
    "name_latin": "Chan Tai Man",
    "next": None,
    "next_at": None,
    "now": _MORNING,
    "number": 42,
    "occurred_at": _MORNING,
    "occurred_on": "2026-11-25",
    "offered_at": _MORNING,
    "office": "town-hall",
    "officer": _CLERK,
    "oldest_unacknowledged": None,
    "overlap_hours": 24,
    "p50_seconds": 0.75,
    "p99_seconds": 4.5,
    "path": [_RANDOM, _PSEUDONYM],
    "policy_version": 7,
    "prepared": JWS,
    "previous_secret_until": None,
    "product_serial": "00A1B2C3",
    "promise": None,
    "pseudonym": _PSEUDONYM,
    "pseudonyms": [_PSEUDONYM],
    "public_jwk": _KEY,
    "published_at": _MORNING,
    "published_by": _CLERK,
    "published_version": None,
    "question": "age-at-least:65",
    "reader_levels": ["tap"],
    "reason": "The citizen came to the counter.",
    "received_at": _MORNING,
    "received_by": _CLERK,
    "record_id": _id(14),
    "reference": "2026/0815",
    "refusal": None,
    "relation": "parent",
    "release_asked_by": None,
    "release_on": "2027-06-01",
    "replaces_uuid": None,
    "reported_at": _MORNING,
    "reported_by": _CLERK,
    "requested_at": _MORNING,
    "requested_by": _CLERK,
    "responsible": _CLERK,
    "right": ["birth-date", "document-number"],
    "role": "clerk",
    "roles": ["clerk"],
    "scope": "verify",
    "scopes": ["authenticate"],
    "secret": "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw",
    "secret_made_at": "2026-01-05T08:00:00Z",
    "serials": {"HQ-00001234": "00A1B2C3"},
    "service": "clinic-check-in",
    "shift": False,
    "signature": "MEYCIQDv1IsqrLao_RFA3ZzUXoHWnSyHe1aq-ZHDTQ6oTq83FgIhAPfLHJQtZXxB1DbHobbin2Xz6QDbua_0Bk3Eqy-EOs2o",
    "signature_id": _id(16),
    "signature_sha256": None,
    "signed_attributes": _SIGNED_ATTRIBUTES,
    "since": "2026-11-26T22:00:00Z",
    "size": 48213,
    "spent_at": None,
    "spent_by": None,
    "standing": "in-force",
    "start": 0,
    "status": 200,
    "status_index": 90210,
    "status_list": f"{ISSUER}/status-lists/{_id(13)}",
    "stock_number": "HQ-00001234",
    "stock_numbers": ["HQ-00001234", "HQ-00001235"],
    "stored_at": _MORNING,
    "stored_by": _CLERK,
    "sub": _PSEUDONYM,
    "subject_id": _CARD,
    "telephone": "+85300000000",
    "temporary": False,
    "thumbprint": _THUMBPRINT,
    "timestamp": _MORNING,
    "title": "Medical insurance",
    "to": _COLLEAGUE,
    "to_officer": _COLLEAGUE,
    "token_type": "Bearer",
    "total": 1,
    "transaction_hash": None,
    "unacknowledged": 0,
    "unexpected": [],
    "unknown": 0,
    "until": _MORNING,
    "up_to": _id(40),
    "use": None,
    "url": "https://medical-insurance.example/card-events",
    "uuid": _CARD,
    "verification_id": _id(15),
    "verified_at": _MORNING,
    "version": 7,
    "visit_token": "dGhpcy1pcy1hLW1hZGUtdXAtdmlzaXQtdG9rZW4",
    "waiting": 0,
    "what": "A list with pseudonyms was sent to the wrong address.",
    "width": 700,
}
