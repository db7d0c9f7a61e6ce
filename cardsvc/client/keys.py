"""The private key by which a caller is known: a JWK in a file that nobody else can read."""

from __future__ import annotations

import json
import stat
from pathlib import Path

from joserfc.errors import JoseError
from joserfc.jwk import ECKey

from cardsvc.wire.jose import CURVE


def load_key(path: Path | str) -> ECKey:
    """The private P-256 key in a JWK file, as `cardsvc keygen` writes it.

    Raises OSError; PermissionError when others may read the file; ValueError when it holds no such key.
    """
    file = Path(path)
    if file.stat().st_mode & (stat.S_IRWXG | stat.S_IRWXO):
        raise PermissionError(f"{file} can be read by others; set its mode to 0600")
    try:
        key = ECKey.import_key(json.loads(file.read_bytes()))
        usable = key.is_private and key.curve_name == CURVE
    except (JoseError, ValueError, TypeError, KeyError) as error:
        raise ValueError(f"{file} is not a JWK") from error
    if not usable:
        raise ValueError(f"{file} does not hold a private key on {CURVE}")
    return key
