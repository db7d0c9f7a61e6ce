"""Attacks on the certificates that a JWS brings along (``x5c``)."""

from __future__ import annotations

import base64
from typing import Any

from tests.attack.jws import Draft, ecdsa, thumbprint
from tests.attack.strikes import Book, Strike, cut, flip_bit

attack: Book[Draft] = Book()


@attack("certificates", "of a card of the city, or of an authority of one's own, with the key that fits")
def other_chain(draft: Draft, strike: Strike) -> None:
    scene = draft.scene
    chain, key = strike.pick((scene.chains.genuine, scene.key), *scene.chains.others)
    draft.header |= {"x5c": list(chain), "kid": thumbprint(key)}
    draft.sign = ecdsa(key)


@attack("certificates", "another first certificate above the genuine signature, or before the genuine ones")
def other_first(draft: Draft, strike: Strike) -> None:
    genuine, others = draft.scene.chains.genuine, draft.scene.chains.others
    forged = [[*chain[:1], *genuine[1:]] for chain, _ in others] + [[*chain[:1], *genuine] for chain, _ in others]
    draft.header["x5c"] = strike.pick(list(genuine), *forged)


@attack("certificates", "somebody else's key under the genuine certificates")
def other_key(draft: Draft, strike: Strike) -> None:
    draft.sign = ecdsa(strike.pick(draft.scene.key, *(key for _, key in draft.scene.chains.others)))


@attack("certificates", "missing, doubled, turned round, too many, none")
def other_order(draft: Draft, strike: Strike) -> None:
    chains = draft.scene.chains
    own, *above = chains.genuine
    forged: list[Any] = [[], [own], above, [*above, own], [own, *above] * 3, [own] * 5, own, None, {}, [None], [[own]]]
    draft.header["x5c"] = strike.pick([own, *above], *forged, [own, chains.root], [chains.root])


@attack("certificates", "changed, cut, in another form")
def other_form(draft: Draft, strike: Strike) -> None:
    own, *above = draft.scene.chains.genuine
    der = base64.b64decode(own)
    pem = f"-----BEGIN CERTIFICATE-----\n{own}\n-----END CERTIFICATE-----"
    url = own.replace("+", "-").replace("/", "_")
    changed = (flip_bit(der, strike.random), cut(der, strike.random), der + b"\0", b"")
    texts = [base64.b64encode(raw).decode() for raw in changed] + [pem, f"{own}\n", f" {own}", der.hex()]
    draft.header["x5c"] = [strike.pick(own, *texts, *([url] if url != own else [])), *above]


@attack("certificates", "not valid when it says that it was signed")
def not_valid_then(draft: Draft, strike: Strike) -> None:
    """The key's certificate is good for days: whoever has the key signs nothing of later or earlier years."""
    away = strike.pick(0, 8 * 86400, -8 * 86400, 10**8, -(10**8))
    for claim in {"iat", "exp", "verified_at"} & set(draft.claims):
        draft.claims[claim] += away
