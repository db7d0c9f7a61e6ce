"""What is refused about callers.

ServiceError
├── NotAuthenticated      no access token came with the request
├── AccessTokenRefused    one came, and it is not good (any more)
├── ScopeMissing          a good one, but without the scope
├── KioskDisabled         the caller is out of service: it may report, and nothing else
├── ClientRefused         the token endpoint does not believe who is asking (carries the reason, for the log only)
├── ScopeNotAllowed       a scope was asked for that the caller may not hold
├── UnusableKey           a public key that is not EC P-256, or is a private one
├── CallerExists          the client id or the key is somebody's already
├── CallerUnknown         there is no such caller
├── CallerDisabled        there was
├── RoleHeld, RoleNotHeld, RoleGrantUnknown
├── ResidentKnown         an officer is to be another resident than so far
├── LastAdministrator     nobody would be left who can let officers in
├── OwnCardRefused        a card that an officer's key did not sign for, or of another resident than the officer is
└── KeyChangeRefused      a new key that the present one did not sign
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta
from enum import StrEnum

from cardsvc.errors import ServiceError


class NotAuthenticated(ServiceError):
    """Raised when a request carries no bearer token."""

    code = "not-authenticated"
    title = "Authentication is needed"

    def __init__(self) -> None:
        super().__init__("Get an access token at the token endpoint and send it as a bearer token.")


class AccessTokenRefused(ServiceError):
    """Raised for a bearer token that is malformed, expired, meant for somebody else, or of a disabled caller."""

    code = "invalid-token"
    title = "The access token is not valid"

    def __init__(self) -> None:
        super().__init__("Get a new access token at the token endpoint.")


class ScopeMissing(ServiceError):
    """Raised when the access token is good but does not cover the route. Carries the scopes, any of which would do."""

    code = "insufficient-scope"
    title = "The access token does not cover this"

    def __init__(self, wanted: Iterable[str]) -> None:
        scopes = sorted(wanted)
        super().__init__("The caller needs another scope for this.", scopes=scopes)
        self.scopes = scopes


class KioskDisabled(ServiceError):
    """Raised when a kiosk that is out of service wants more than to report."""

    code = "kiosk-disabled"
    title = "The kiosk is out of service"

    def __init__(self) -> None:
        super().__init__("The kiosk was disabled. It may report, and hears by that when it is enabled again.")


class ClientRefusal(StrEnum):
    """Why a client assertion was refused. For the audit log and the operator; the client is told nothing."""

    MALFORMED = "malformed"
    UNKNOWN_CLIENT = "unknown-client"
    DISABLED = "disabled"
    WRONG_KEY = "wrong-key"
    BAD_SIGNATURE = "bad-signature"
    WRONG_SUBJECT = "wrong-subject"
    WRONG_AUDIENCE = "wrong-audience"
    BAD_TIMES = "bad-times"
    NO_JTI = "no-jti"
    REPLAYED = "replayed"


class ClientRefused(ServiceError):
    """Raised when a client assertion does not prove who is asking (RFC 6749 §5.2 ``invalid_client``).

    ``reason`` stays here: telling it would help to try out client ids.
    """

    code = "client-refused"
    title = "The client could not be authenticated"

    def __init__(self, reason: ClientRefusal, client_id: str | None = None) -> None:
        super().__init__("The client assertion was refused.")
        self.reason = reason
        self.client_id = client_id


class ScopeNotAllowed(ServiceError):
    """Raised when a scope is asked for, or registered, that this caller may not hold."""

    code = "scope-not-allowed"
    title = "The caller may not hold this scope"

    def __init__(self, refused: Iterable[str]) -> None:
        scopes = sorted(refused)
        super().__init__("The caller may not hold every scope asked for.", scopes=scopes)


class UnusableKey(ServiceError):
    """Raised when a caller's key is not a public EC key on P-256."""

    code = "unusable-key"
    title = "The key cannot be used"


class CallerExists(ServiceError):
    """Raised when the client id or the key belongs to another caller: one key names one caller."""

    code = "caller-exists"
    title = "There is such a caller already"


class CallerUnknown(ServiceError):
    """Raised when no caller has this client id."""

    code = "caller-unknown"
    title = "There is no such caller"


class CallerDisabled(ServiceError):
    """Raised when somebody who was put out is to be changed."""

    code = "caller-disabled"
    title = "The caller was put out"

    def __init__(self) -> None:
        super().__init__("Nobody who was put out comes back. Let them in anew, under another name.")


class CallerKindRefused(ServiceError):
    """Raised when a caller of this kind is let in in another way."""

    code = "caller-kind-refused"
    title = "Callers of this kind are let in in another way"

    def __init__(self, kind: str) -> None:
        super().__init__("Officers are let in as officers; a department needs a policy.", kind=kind)


class RoleHeld(ServiceError):
    """Raised when an officer is to be given a role they have."""

    code = "role-held"
    title = "The officer has this role"

    def __init__(self, role: str) -> None:
        super().__init__("The officer has this role already.", role=role)


class RoleNotHeld(ServiceError):
    """Raised when a role is to be taken away that the officer does not have."""

    code = "role-not-held"
    title = "The officer does not have this role"

    def __init__(self, role: str) -> None:
        super().__init__("The officer does not have this role.", role=role)


class RoleGrantUnknown(ServiceError):
    """Raised when no role was asked for under this id."""

    code = "no-such-role-grant"
    title = "Nobody asked for this role"

    def __init__(self) -> None:
        super().__init__("No role was asked for under this id.")


class ResidentKnown(ServiceError):
    """Raised when an officer of whom it is known which resident they are is to be another one."""

    code = "resident-known"
    title = "It is known already which resident the officer is"

    def __init__(self) -> None:
        super().__init__("Put the officer out, and let them in under another name.")


class LastAdministrator(ServiceError):
    """Raised when nobody would be left who can let officers in."""

    code = "last-administrator"
    title = "This is the last administrator"

    def __init__(self) -> None:
        super().__init__("Make somebody else an administrator first.")


class KeyChangeRefused(ServiceError):
    """Raised when a change of one's own key is not signed with the present one, or not for the new one."""

    code = "key-change-refused"
    title = "The change of the key is not signed as it should be"

    def __init__(self) -> None:
        super().__init__("Sign the thumbprint of the new key with the present key.")


class OwnCardRefused(ServiceError):
    """Raised when an officer names a card as theirs without proof, or one of another resident than they are."""

    code = "own-card-refused"
    title = "This is not known as the officer's card"

    def __init__(self) -> None:
        super().__init__(
            "An administrator says which resident the officer is; the officer's key signs the card's UUID."
        )


class KeyOverlapRefused(ServiceError):
    """Raised when the former key is to stay good until a time that is past, or too far away. Carries the longest."""

    code = "key-overlap-refused"
    title = "The former key cannot stay good until then"

    def __init__(self, longest: timedelta) -> None:
        super().__init__(f"Both keys are good for {longest.days} days at most.", most_days=longest.days)


class TokenRequestMalformed(ServiceError):
    """Raised when a request to the token endpoint lacks a parameter, has one twice, or has one that makes no sense."""

    code = "token-request-malformed"
    title = "The token request is malformed"


class GrantUnsupported(ServiceError):
    """Raised when the token endpoint is asked for a grant that it does not know."""

    code = "grant-unsupported"
    title = "This grant is not supported"

    def __init__(self) -> None:
        super().__init__("The token endpoint knows client_credentials and token exchange.")
