"""Attacks on a JWS as such: its signature, its algorithm, its header, its form. Whatever the claims say, they are
those of a genuine token, or the attacker's own."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from random import Random
from typing import Any

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from joserfc.jwk import ECKey

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
    hs256,
    rs256,
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


@attack("cut", "one bit of header, claims or signature is another")
def flipped(draft: Draft, strike: Strike) -> None:
    at = strike.random.randrange(3)

    def finish(text: str) -> str:
        parts = [unb64(part) for part in text.split(".")]
        parts[at] = strike.change(parts[at], lambda raw: flip_bit(raw, strike.random))
        return ".".join(map(b64, parts))

    draft.finish = finish


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
    at = strike.random.randrange(3)

    def finish(text: str) -> str:
        parts = [unb64(part) for part in text.split(".")]
        parts[at] = strike.change(parts[at], lambda raw: cut(raw, strike.random))
        return ".".join(map(b64, parts))

    draft.finish = finish


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


# algorithm


@attack("algorithm", "none, in any spelling, with and without a signature")
def none(draft: Draft, strike: Strike) -> None:
    draft.header["alg"] = strike.pick("ES256", "none", "None", "NONE", "nOnE", "none ", "", "null")
    draft.sign = strike.pick(draft.sign, always(b""), draft.sign, ecdsa(props.ATTACKER))


@attack("algorithm", "HS256 with the public key as secret")
def public_key_as_secret(draft: Draft, strike: Strike) -> None:
    public, jwk = draft.scene.key.public_key(), ECKey.import_key(draft.scene.key.public_key()).as_dict(private=False)
    spki = public.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    pem = public.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    point = public.public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)
    members = compact_json(dict(jwk))
    secrets = (pem, pem.strip(), spki, point, point[1:], point[1:33], members, str(jwk["x"]).encode(), b"")
    draft.header["alg"] = strike.pick("ES256", "HS256", "HS256", "HS384", "HS512", "ES256")
    draft.sign = strike.pick(draft.sign, *map(hs256, secrets))


@attack("algorithm", "another algorithm, rightly signed by the attacker")
def other_algorithm(draft: Draft, strike: Strike) -> None:
    ways = [
        ("RS256", rs256(props.ATTACKER_RSA)),
        ("PS256", rs256(props.ATTACKER_RSA)),
        ("ES384", ecdsa(props.ATTACKER_384, hashes.SHA384(), 48)),
        ("ES512", ecdsa(props.ATTACKER_384, hashes.SHA512(), 66)),
        ("EdDSA", always(strike.random.randbytes(64))),
        ("ES256", ecdsa(props.ATTACKER_384, hashes.SHA256(), 48)),
    ]
    draft.header["alg"], draft.sign = strike.pick(("ES256", draft.sign), *ways)


@attack("algorithm", "another name for the right signature")
def other_name(draft: Draft, strike: Strike) -> None:
    names = ("es256", "Es256", "eS256", "ES256 ", " ES256", "ES-256", "ES256K", "ES384", "ECDSA", "SHA256withECDSA")
    more: tuple[Any, ...] = (["ES256"], {"alg": "ES256"}, 256, None, True, "ЕS256", "ES256\0", "ＥＳ２５６")
    draft.header["alg"] = strike.pick("ES256", *names, *more)


@attack("algorithm", "no algorithm at all")
def no_algorithm(draft: Draft, strike: Strike) -> None:
    draft.header = strike.pick(draft.header, {k: v for k, v in draft.header.items() if k != "alg"}, {})


@attack("algorithm", "a token in a token")
def nested(draft: Draft, strike: Strike) -> None:
    def finish(text: str) -> str:
        header = {**draft.header, "cty": "JWT"}
        inside = b64(text.encode())
        outer = f"{b64(compact_json(header))}.{inside}"
        signed = f"{outer}.{b64(ecdsa(props.ATTACKER)(outer.encode()))}"
        unsigned = f"{b64(compact_json({'alg': 'none', 'cty': 'JWT'}))}.{inside}."
        own = f"{outer}.{b64(draft.sign(outer.encode()))}"
        return strike.pick(text, signed, unsigned, own, b64(text.encode()), json.dumps(text))

    draft.finish = finish


@attack("algorithm", "the JSON serialisations, and an encrypted token")
def other_serialisation(draft: Draft, strike: Strike) -> None:
    def finish(text: str) -> str:
        protected, payload, signature = text.split(".")
        one = {"protected": protected, "signature": signature}
        flat, general = {**one, "payload": payload}, {"payload": payload, "signatures": [one]}
        jwe = b64(compact_json({"alg": "dir", "enc": "A128GCM"}))
        forms = (
            json.dumps(flat),
            json.dumps(general),
            f"{jwe}..{payload}.{payload}.{signature}",
            f"{text}~",
            f"{text}~~",
        )
        return strike.pick(text, *forms)

    draft.finish = finish


# header


def _extra(draft: Draft, strike: Strike, *members: Mapping[str, Any]) -> None:
    """With more in its header, rightly signed: what we do not understand is refused."""
    draft.header = {**draft.header, **strike.pick({}, *members)}


@attack("header", "crit")
def critical(draft: Draft, strike: Strike) -> None:
    names: list[list[str]] = [["exp"], [], ["alg"], ["b64"], ["typ", "kid"], ["http://openid.net/jwt/x"]]
    known = [{"crit": names, "exp": 4102444800, "b64": True} for names in names]
    _extra(draft, strike, *known, {"crit": "exp"}, {"crit": None}, {"crit": {}}, {"crit": ["exp"]})


@attack("header", "a key brought along: jwk, x5c, jku, x5u")
def brought_along(draft: Draft, strike: Strike) -> None:
    jwk = ECKey.import_key(props.ATTACKER.public_key()).as_dict(private=False)
    members: list[dict[str, Any]] = [
        {"jwk": jwk},
        {"jku": "https://evil.example/jwks.json"},
        {"x5u": "https://evil.example/cert.pem"},
        {"x5c": ["MIIB"], "x5t": "x", "x5t#S256": "y"},
        {"jwk": jwk, "kid": jwk.get("kid", "x")},
        {"jwks": {"keys": [jwk]}},
    ]
    _extra(draft, strike, *members)
    draft.sign = strike.pick(draft.sign, ecdsa(props.ATTACKER), draft.sign)


@attack("header", "members that change what is signed or how it is read: b64, zip, enc, cty")
def reading_otherwise(draft: Draft, strike: Strike) -> None:
    ways = ({"b64": False}, {"b64": False, "crit": ["b64"]}, {"zip": "DEF"}, {"enc": "A128GCM"}, {"cty": "JWT"})
    _extra(draft, strike, *ways, {"iss": "x"}, {"nonce": "x"}, {"url": "x"}, {"": ""})


@attack("header", "a kid that is a path, a query, a command, or no text")
def strange_kid(draft: Draft, strike: Strike) -> None:
    right = draft.header["kid"]
    names = ("../../../../dev/null", "/dev/null", "' OR '1'='1", "x' UNION SELECT 'a' --", "$(id)", "%00", "\0", "*")
    more: tuple[Any, ...] = (0, True, [right], {"kid": right}, 1.5, right.upper(), f"{right} ", right[:-1], "x" * 5000)
    draft.header["kid"] = strike.pick(right, *names, *more)
    draft.sign = strike.pick(draft.sign, hs256(b""), hs256(b"a"), ecdsa(props.ATTACKER), always(b""))


@attack("header", "a member that comes twice, rightly signed")
def doubled_header(draft: Draft, strike: Strike) -> None:
    first = strike.pick(b"", b'"alg":"none",', b'"kid":"x",', b'"typ":"JWT",', b'"alg":"ES256",', b'"crit":["x"],')
    draft.write_header = _with(first)


def _with(first: bytes) -> Callable[[Mapping[str, Any]], bytes]:
    return lambda members: b"{" + first + compact_json(members)[1:]


@attack("header", "a header that is no object, or no JSON")
def no_header(draft: Draft, strike: Strike) -> None:
    whole = compact_json(draft.header)
    texts = (
        b"",
        b"null",
        b"[]",
        b"1",
        b'"ES256"',
        b"[" + whole + b"]",
        whole + b"x",
        whole[:-1],
        b"\xef\xbb\xbf" + whole,
    )
    more = (whole.decode().encode("utf-16"), b"[" * 3000, whole.replace(b'"', b"'"), whole + whole, b"\xff" + whole)
    raw = strike.pick(whole, *texts, *more)
    draft.write_header = lambda _members: raw


# typ


@attack("typ", "another type, rightly signed")
def other_type(draft: Draft, strike: Strike) -> None:
    right = draft.header["typ"]
    known = {"at+jwt", "citizen-assertion+jwt", "key-change+jwt", "statuslist+jwt", "dpop+jwt", "secevent+jwt"}
    near = (right.upper() if right != "JWT" else "jwt+x", f"application/{right}", f"{right} ", f"x{right}", "JWS", "a")
    more: tuple[Any, ...] = ([right], {"typ": right}, 1, True)
    draft.header["typ"] = strike.pick(right, *sorted(known - {right}), *near, *more)


@attack("typ", "a genuine token of another kind, or of another issuer")
def stranger(draft: Draft, strike: Strike) -> None:
    draft.finish = lambda text: strike.pick(text, *draft.scene.strangers)


@attack("typ", "the claims of a genuine token of another kind under this type, signed by the attacker")
def relabelled_stranger(draft: Draft, strike: Strike) -> None:
    def finish(text: str) -> str:
        head, _, _ = text.split(".")
        signed = f"{head}.{strike.random.choice(draft.scene.strangers).split('.')[1]}"
        return strike.pick(text, f"{signed}.{b64(ecdsa(props.ATTACKER)(signed.encode()))}")

    draft.finish = finish


# encoding


@attack("encoding", "padding, white space, another alphabet")
def other_base64(draft: Draft, strike: Strike) -> None:
    def finish(text: str) -> str:
        parts = text.split(".")
        at = strike.random.randrange(3)
        part = parts[at]
        middle = len(part) // 2
        inside = [
            part[:middle] + blank + part[middle:] for blank in (" ", "\n", "\r\n", "\t", "=", "\0", "%0A", "\u200b")
        ]
        padded = [part + "=" * count for count in (1, 2, 3, 4)]
        parts[at] = strike.pick(part, *inside, *padded, part.translate(str.maketrans("-_", "+/")) + "=")
        return ".".join(parts)

    draft.finish = finish


@attack("encoding", "bits beyond the last byte that are not zero")
def stray_bits(draft: Draft, strike: Strike) -> None:
    def finish(text: str) -> str:
        parts = text.split(".")
        at = strike.random.choice([number for number, part in enumerate(parts) if len(part) % 4])
        parts[at] = strike.change(parts[at], lambda part: _stray(part, strike.random))
        return ".".join(parts)

    draft.finish = finish


def _stray(part: str, random: Random) -> str:
    alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
    spare = 4 if len(part) % 4 == 2 else 2
    return part[:-1] + alphabet[alphabet.index(part[-1]) | random.randrange(1, 1 << spare)]


@attack("encoding", "around it: white space, quotes, a scheme, a byte order mark")
def wrapped(draft: Draft, strike: Strike) -> None:
    around = (
        "Bearer {}",
        '"{}"',
        "{}\0",
        "\ufeff{}",
        "{}\u200b",
        "{}=",
        "<{}>",
        "{}#x",
        "{}?x",
        "[{}]",
        "{};{}",
        "{},",
    )
    draft.finish = lambda text: strike.pick("{}", *around).replace("{}", text)


@attack("encoding", "other digits and letters that look the same")
def other_letters(draft: Draft, strike: Strike) -> None:
    wide = str.maketrans("0123456789eoaJ", "０１２３４５６７８９еоаＪ")
    draft.finish = lambda text: strike.pick(text, text.translate(wide))
