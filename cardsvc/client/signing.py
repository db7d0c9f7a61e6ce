"""Documents that citizens sign, as departments and kiosks have them signed."""

from __future__ import annotations

import hashlib
from uuid import uuid4

from cardsvc.client.calls import Calls
from cardsvc.client.transport import Repeat
from cardsvc.wire.signing import (
    LONGEST_PREPARED,
    PREPARED_TYP,
    DocumentSignature,
    PreparedClaims,
    SignatureChallenge,
    SignatureRequest,
    SignatureSubmission,
)


class SigningCalls(Calls):
    """Every method that asks the service raises ServiceProblem and ServiceUnreachable."""

    def prepare_document(self, document: bytes, media_type: str, *, pseudonym: str, service: str) -> str:
        """As a department: state that this person is to sign this document. A JWS for the kiosk, good for ten minutes.

        Nothing is sent. ``pseudonym`` is that of the assertion that the kiosk showed to have the document prepared.
        """
        now = int(self._credentials.now().timestamp())
        claims = PreparedClaims(
            iss=self.client_id,
            aud=self._credentials.issuer,
            sub=pseudonym,
            service=service,
            document_sha256=hashlib.sha256(document).digest(),
            media_type=media_type,
            jti=str(uuid4()),
            iat=now,
            exp=now + LONGEST_PREPARED,
        )
        return self._credentials.sign(claims.model_dump(mode="json"), PREPARED_TYP)

    def request_signature(
        self, visit_token: str, department: str, service: str, *, document: bytes, prepared: str
    ) -> SignatureChallenge:
        """As a kiosk: the citizen wants to sign this document, as the screen shows it, which the department prepared.

        The document stays here. Give the SHA-256 of the answer's ``signed_attributes`` to the card's 9C key.
        """
        request = SignatureRequest(
            visit_token=visit_token,
            department=department,
            service=service,
            document_sha256=hashlib.sha256(document).digest(),
            prepared=prepared,
        )
        return self._post("/v1/signature-requests", request, SignatureChallenge)

    def submit_signature(self, challenge: SignatureChallenge, signature: bytes) -> DocumentSignature:
        """As a kiosk: what the card's 9C key signed. The answer is for the department: CMS and assertion.

        It is given once. When it is lost, the department knows nothing, and the citizen signs again.
        """
        submission = SignatureSubmission(handle=challenge.handle, signature=signature)
        return self._post("/v1/signatures", submission, DocumentSignature, Repeat.NEVER)
