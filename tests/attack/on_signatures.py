"""Attacks on the signature of a JWS. The claims are those of a genuine token, or the attacker's own."""

from __future__ import annotations

from collections.abc import Callable

from cryptography.hazmat.primitives import hashes

from tests.attack import scene as props
from tests.attack.der import P256_ORDER
from tests.attack.jws import (
    Draft,
    Sign,
    always,
    b64,
    compact_json,
    ecdsa,
    ecdsa_der,
    thumbprint,
    unb64,
)
from tests.attack.strikes import Book, Strike, cut, flip_bit

attack: Book[Draft] = Book()


def _raw(r: int, s: int) -> Sign:
    return always(r.to_bytes(32, "big") + s.to_bytes(32, "big"))


# forged


@attack("forged", "random signature")
def random_signature(draft: Draft, strike: Strike) -> None:
    draft.sign = strike.pick(draft.sign, always(strike.random.randbytes(64)))


@attack("forged", "signature of zeros, of ones, of the order, of nothing")
def special_signature(draft: Draft, strike: Strike) -> None:
    n, x = P256_ORDER, strike.random.randrange(1, P256_ORDER)
    numbers = [(0, 0), (0, x), (x, 0), (n, x), (x, n), (n, n), (1, 1), (2**256 - 1, 2**256 - 1)]
    draft.sign = strike.pick(draft.sign, always(b""), *(_raw(r, s) for r, s in numbers))


@attack("forged", "signature of another genuine token")
def transplanted(draft: Draft, strike: Strike) -> None:
    other = draft.sign(strike.random.randbytes(200))
    draft.sign = strike.pick(draft.sign, always(other))


@attack("forged", "claims changed under the old signature")
def changed_claims(draft: Draft, strike: Strike) -> None:
    claim = strike.random.choice(sorted(draft.claims))
    changed = {**draft.claims, claim: strike.pick(draft.claims[claim], "admin", 0, None, [], {"a": 1})}

    def finish(text: str) -> str:
        head, _, signature = text.split(".")
        return f"{head}.{b64(compact_json(changed))}.{signature}"

    draft.finish = finish


@attack("forged", "header changed under the old signature")
def changed_header(draft: Draft, strike: Strike) -> None:
    member = strike.random.choice(["alg", "kid", "typ", "cty", "x"])
    changed = {**draft.header, member: strike.random.choice(["none", "x", "../x", ""])}
    header = strike.pick(draft.header, changed)

    def finish(text: str) -> str:
        return ".".join([b64(compact_json(header)), *text.split(".")[1:]])

    draft.finish = finish


# re-signed


@attack("re-signed", "attacker's key under the right name")
def attackers_key(draft: Draft, strike: Strike) -> None:
    draft.sign = strike.pick(draft.sign, ecdsa(props.ATTACKER))


@attack("re-signed", "attacker's key under its own name, or without one")
def attackers_own_key(draft: Draft, strike: Strike) -> None:
    draft.sign = strike.pick(draft.sign, ecdsa(props.ATTACKER))
    draft.header["kid"] = strike.pick(draft.header["kid"], thumbprint(props.ATTACKER), None, "")
    if draft.header["kid"] is None:
        del draft.header["kid"]


@attack("re-signed", "somebody else's key under the right name")
def rivals_key(draft: Draft, strike: Strike) -> None:
    draft.sign = strike.pick(draft.sign, *map(ecdsa, draft.scene.rivals))


@attack("re-signed", "somebody else's key under its own name")
def rivals_own_key(draft: Draft, strike: Strike) -> None:
    key = strike.pick(draft.scene.key, *draft.scene.rivals)
    draft.sign, draft.header["kid"] = ecdsa(key), thumbprint(key)


# cut


def _change_a_part(draft: Draft, strike: Strike, change: Callable[[bytes], bytes]) -> None:
    at = strike.random.randrange(3)

    def finish(text: str) -> str:
        parts = [unb64(part) for part in text.split(".")]
        parts[at] = strike.change(parts[at], change)
        return ".".join(map(b64, parts))

    draft.finish = finish


@attack("cut", "one bit of header, claims or signature is another")
def flipped(draft: Draft, strike: Strike) -> None:
    _change_a_part(draft, strike, lambda raw: flip_bit(raw, strike.random))


@attack("cut", "one character is another")
def mistyped(draft: Draft, strike: Strike) -> None:
    letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_.=+/ \n\0é"

    def finish(text: str) -> str:
        at = strike.random.randrange(len(text))
        other: str = strike.pick(text[at], *letters.replace(text[at], ""))
        return text[:at] + other + text[at + 1 :]

    draft.finish = finish


@attack("cut", "truncated")
def truncated(draft: Draft, strike: Strike) -> None:
    draft.finish = lambda text: strike.change(text, lambda whole: cut(whole, strike.random))


@attack("cut", "truncated inside a part, at whole bytes")
def truncated_part(draft: Draft, strike: Strike) -> None:
    _change_a_part(draft, strike, lambda raw: cut(raw, strike.random))


@attack("cut", "extended")
def extended(draft: Draft, strike: Strike) -> None:
    more = "".join(strike.random.choices("ABCabc012-_.", k=strike.random.randrange(1, 9)))
    draft.finish = lambda text: strike.pick(text, text + more, more + text, f"{text}.{text}", text + "." + b64(b"x"))


@attack("cut", "parts left out, doubled, in another order")
def rearranged(draft: Draft, strike: Strike) -> None:
    def finish(text: str) -> str:
        h, c, s = text.split(".")
        orders = [(h, c), (h, c, ""), (h, "", s), ("", c, s), (h, s, c), (c, h, s), (h, c, s, s), (h, h, c, s)]
        return ".".join(strike.pick((h, c, s), *orders, ("", "", ""), (h, c, s, "", "")))

    draft.finish = finish


# ecdsa


@attack("ecdsa", "DER where r and s stand side by side")
def in_der(draft: Draft, strike: Strike) -> None:
    draft.sign = strike.pick(draft.sign, ecdsa_der(draft.scene.key))


@attack("ecdsa", "numbers of another length, or the other way round")
def other_lengths(draft: Draft, strike: Strike) -> None:
    honest = draft.sign

    def sign(signed: bytes) -> bytes:
        raw = honest(signed)
        r, s = raw[:32], raw[32:]
        forms = (s + r, b"\0" + r + b"\0" + s, r + b"\0" + s, raw + b"\0", b"\0" + raw, raw[:-1], r, raw * 2)
        return strike.pick(raw, *forms)

    draft.sign = sign


@attack("ecdsa", "numbers beyond the order, or turned round")
def other_numbers(draft: Draft, strike: Strike) -> None:
    honest = draft.sign

    def sign(signed: bytes) -> bytes:
        raw = honest(signed)
        r, s = int.from_bytes(raw[:32], "big"), int.from_bytes(raw[32:], "big")
        n = P256_ORDER
        wrong = [(n - r, s), ((r + n) % 2**256, s), (r, (s + n) % 2**256), (2**256 - r, s), (r, 2**256 - s), (r, 0)]
        r, s = strike.pick((r, s), *wrong)
        return r.to_bytes(32, "big") + s.to_bytes(32, "big")

    draft.sign = sign


@attack("ecdsa", "signed over something else")
def other_input(draft: Draft, strike: Strike) -> None:
    honest = draft.sign

    def sign(signed: bytes) -> bytes:
        header, _, claims = signed.partition(b".")
        raw = unb64(claims.decode())
        return honest(strike.pick(signed, header, claims, raw, claims + b"." + header, signed + b".", b""))

    draft.sign = sign


@attack("ecdsa", "signed with another digest")
def other_digest(draft: Draft, strike: Strike) -> None:
    digests = (hashes.SHA384(), hashes.SHA512(), hashes.SHA3_256(), hashes.SHA224(), hashes.SHA512_256())
    draft.sign = ecdsa(draft.scene.key, strike.pick(hashes.SHA256(), *digests))
