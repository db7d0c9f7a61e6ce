"""Attacks on the form of a JWS: its algorithm, its header, its type, its encoding."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from joserfc.jwk import ECKey

from tests.attack import scene as props
from tests.attack.jws import (
    Draft,
    always,
    b64,
    compact_json,
    ecdsa,
    hs256,
    rs256,
)
from tests.attack.strikes import Book, Strike, stray_bits

attack: Book[Draft] = Book()


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
def other_bits(draft: Draft, strike: Strike) -> None:
    def finish(text: str) -> str:
        parts = text.split(".")
        at = strike.random.choice([number for number, part in enumerate(parts) if len(part) % 4])
        parts[at] = strike.change(parts[at], lambda part: stray_bits(part, strike.random))
        return ".".join(parts)

    draft.finish = finish


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
