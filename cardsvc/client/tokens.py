"""How a caller shows who it is: client assertions it signs, and the access tokens it gets for them."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from threading import Lock
from typing import Any, Final
from uuid import uuid4

from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from joserfc.jwk import ECKey

from cardsvc.client.clock import Clock
from cardsvc.client.transport import Repeat, Transport, read
from cardsvc.wire import jose
from cardsvc.wire.authentication import (
    CLIENT_ASSERTION_TYPE,
    GRANT_TOKEN_EXCHANGE,
    TOKEN_TYPE_ACCESS,
    TOKEN_TYPE_VISIT,
    TokenResponse,
)

TOKEN_PATH: Final = "/oauth/token"
_ASSERTION_LIFE: Final = timedelta(seconds=60)
_MARGIN: Final = timedelta(seconds=30)
_SCALAR_SIZE: Final = 32
"""Of a private key on P-256."""
_SECRET_SIZE: Final = 32


class ClientCredentials:
    """A caller's name and key, and its present access token. Safe to share between threads."""

    def __init__(
        self,
        transport: Transport,
        client_id: str,
        key: ECKey,
        issuer: str,
        clock: Clock,
        *,
        visit_token: str | None = None,
    ) -> None:
        """``visit_token`` is of an officer whose card is at this desk: the access tokens are that officer's."""
        self._transport = transport
        self._client_id = client_id
        self._key = key
        self.issuer = issuer
        """The name of the service in what it is shown."""
        self._clock = clock
        self._visit_token = visit_token
        self._lock = Lock()
        self._token = ""
        self._good_until = datetime.min.replace(tzinfo=clock().tzinfo)

    def request_token(self, grant_type: str, **parameters: str) -> TokenResponse:
        """Ask the token endpoint. Raises ServiceProblem, ServiceUnreachable."""
        form = {
            "grant_type": grant_type,
            "client_assertion_type": CLIENT_ASSERTION_TYPE,
            "client_assertion": self._assertion(),
            **parameters,
        }
        return read(self._transport.send("POST", TOKEN_PATH, repeat=Repeat.FREELY, data=form), TokenResponse)

    def access_token(self) -> str:
        """A bearer token that is still good for a while."""
        with self._lock:
            now = self._clock()
            if now >= self._good_until:
                answer = self._renew()
                self._token = answer.access_token
                self._good_until = now + timedelta(seconds=answer.expires_in) - _MARGIN
            return self._token

    def now(self) -> datetime:
        """The time, by this caller's clock."""
        return self._clock()

    def sign(self, claims: Mapping[str, Any], typ: str) -> str:
        """A JWT by the present key."""
        return jose.sign(claims, self._key, typ=typ)

    def derive_secret(self, purpose: str) -> bytes:
        """HKDF-SHA-256 (RFC 5869) of the private key: it says nothing about the key. Another key, another secret."""
        private = self._key.private_key
        if private is None:
            raise ValueError("the key is no private one")
        scalar = private.private_numbers().private_value.to_bytes(_SCALAR_SIZE)
        return HKDF(SHA256(), _SECRET_SIZE, salt=None, info=b"citizen-card/client/" + purpose.encode()).derive(scalar)

    def use(self, key: ECKey) -> None:
        """The service knows another key of this caller now, and takes no token of the former one."""
        with self._lock:
            self._key = key
            self._good_until = self._clock()

    def go_on_with(self, visit_token: str) -> None:
        """The officer's card has begun another visit: the next token is got with it."""
        with self._lock:
            self._visit_token = visit_token
            self._good_until = self._clock()

    def forget(self, token: str) -> None:
        """The service did not accept this token: get another one next time."""
        with self._lock:
            if token == self._token:
                self._good_until = self._clock()

    def _renew(self) -> TokenResponse:
        if self._visit_token is None:
            return self.request_token("client_credentials")
        return self.request_token(
            GRANT_TOKEN_EXCHANGE,
            subject_token=self._visit_token,
            subject_token_type=TOKEN_TYPE_VISIT,
            requested_token_type=TOKEN_TYPE_ACCESS,
        )

    def _assertion(self) -> str:
        """RFC 7523 §2.2. Its audience is the issuer we were told of, not what some server says: see RFC 7523bis."""
        now = self._clock()
        claims = {
            "iss": self._client_id,
            "sub": self._client_id,
            "aud": self.issuer,
            "iat": int(now.timestamp()),
            "exp": int((now + _ASSERTION_LIFE).timestamp()),
            "jti": str(uuid4()),
        }
        return jose.sign(claims, self._key, typ="JWT")
