"""The name by which one department knows a citizen."""

from __future__ import annotations

from uuid import UUID

from cardsvc.trust.keystore import KeyName, Keystore
from cardsvc.wire.base import encode_base64url


def pseudonym(keystore: Keystore, department: str, citizen_id: UUID) -> str:
    """43 characters of base64url: HMAC-SHA256(sector key, department code 00 citizen id).

    Always the same for a department and a citizen; two departments cannot tell that theirs are of one person. A code
    has no zero byte, so no two pairs make the same message.
    """
    return encode_base64url(keystore.mac(KeyName.SECTOR, department.encode() + b"\0" + citizen_id.bytes))
