"""Attacks on what a JWS says. All are rightly signed, with the key that may: that is no excuse for odd claims."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from tests.attack.jws import Draft, compact_json
from tests.attack.strikes import Book, Strike, look_alike, near

attack: Book[Draft] = Book()


class Unfit(Exception):
    """Raised by an attack that makes no sense against this kind of token."""


def _need(draft: Draft, *claims: str) -> None:
    """Raises Unfit unless these claims are there."""
    if not set(claims) <= set(draft.claims):
        raise Unfit


_NO_TIMES: tuple[Any, ...] = ("tomorrow", "", None, True, False, [], {}, [4102444800], "4102444800", "1e12", " 1")
_SPECIAL = ("NaN", "Infinity", "-Infinity", "1e999", "-1e999", "0x7fffffff", "01", "+1", "1_000", "１")


def _set(draft: Draft, claim: str, value: Any) -> None:
    if value is _LEFT_OUT:
        draft.claims.pop(claim, None)
    else:
        draft.claims[claim] = value


_LEFT_OUT = object()


def _spelled(claim: str, literal: str) -> Any:
    """Writes the claims with this literal for one of them, whether JSON has such a literal or not."""

    def write(claims: Mapping[str, Any]) -> bytes:
        others = compact_json({name: value for name, value in claims.items() if name != claim})
        return others[:-1] + f',"{claim}":{literal}'.encode() + b"}"

    return write


# times


@attack("time", "its time is over")
def expired(draft: Draft, strike: Strike) -> None:
    earlier = strike.pick(0, *(strike.random.randrange(4000, 10**6) for _ in range(3)))
    for claim in {"iat", "exp", "nbf"} & set(draft.claims):
        draft.claims[claim] -= earlier


@attack("time", "its time is over this second")
def just_expired(draft: Draft, strike: Strike) -> None:
    _need(draft, "exp")
    draft.claims["exp"] = strike.pick(draft.claims["exp"], draft.now, draft.now - 1)


@attack("time", "its time has not come")
def too_early(draft: Draft, strike: Strike) -> None:
    if "iat" not in draft.scene.limits:
        raise Unfit
    later = strike.pick(0, *(strike.random.randrange(31, 10**6) for _ in range(3)))
    for claim in {"iat", "exp", "nbf"} & set(draft.claims):
        draft.claims[claim] += later


@attack("time", "good for longer than anything of its kind")
def too_long(draft: Draft, strike: Strike) -> None:
    _need(draft, "exp")
    if "exp" not in draft.scene.limits:
        raise Unfit
    draft.claims["exp"] += strike.pick(0, 10**4, 10**6, 10**9, 10**18, 10**30, 10**300)


@attack("time", "an end that is no number")
def no_end(draft: Draft, strike: Strike) -> None:
    _need(draft, "exp")
    _set(draft, "exp", strike.pick(draft.claims["exp"], _LEFT_OUT, str(draft.claims["exp"]), *_NO_TIMES))


@attack("time", "a beginning that is no number")
def no_beginning(draft: Draft, strike: Strike) -> None:
    if "iat" not in draft.scene.limits:
        raise Unfit
    _set(draft, "iat", strike.pick(draft.claims["iat"], _LEFT_OUT, str(draft.claims["iat"]), *_NO_TIMES))


@attack("time", "negative, or nothing")
def negative(draft: Draft, strike: Strike) -> None:
    _need(draft, "exp")
    draft.claims["exp"] = strike.pick(draft.claims["exp"], 0, -1, -draft.now, -(10**30), -0.0)


@attack("time", "numbers that JSON does not have, or that are infinite")
def no_json_number(draft: Draft, strike: Strike) -> None:
    _need(draft, "exp")
    claim = strike.random.choice(sorted({"exp", "iat"} & draft.scene.limits | {"exp"}))
    draft.write_claims = _spelled(claim, strike.pick(str(draft.claims[claim]), *_SPECIAL))


@attack("time", "fractions where whole seconds are wanted")
def fractions(draft: Draft, strike: Strike) -> None:
    _need(draft, "exp")
    if not draft.scene.whole_times:
        raise Unfit
    draft.claims["exp"] = strike.pick(draft.claims["exp"], float(draft.claims["exp"]), draft.claims["exp"] - 0.5)


# names


def _name(draft: Draft, strike: Strike) -> str:
    return strike.random.choice(sorted(draft.scene.names))


@attack("relabelled", "for somebody else, or by somebody else")
def somebody_else(draft: Draft, strike: Strike) -> None:
    name = _name(draft, strike)
    draft.claims[name] = strike.pick(draft.claims[name], *draft.scene.names[name])


@attack("look-alike", "a name with one letter of another script, or an invisible one")
def homoglyph(draft: Draft, strike: Strike) -> None:
    name = _name(draft, strike)
    draft.claims[name] = strike.change(draft.claims[name], lambda right: look_alike(right, strike.random))


@attack("look-alike", "a name in other letter case, cut, longer, with a slash, a null, a pattern")
def near_name(draft: Draft, strike: Strike) -> None:
    name = _name(draft, strike)
    right = draft.claims[name]
    draft.claims[name] = strike.change(right, lambda text: near(text, strike.random) if text else "x")


@attack("claim", "a name that is a list, an object, a number, nothing")
def no_name(draft: Draft, strike: Strike) -> None:
    name = _name(draft, strike)
    right = draft.claims[name]
    others = ([right], [right, "x"], ["x", right], {right: True}, {"$ne": ""}, 0, 1, True, None, _LEFT_OUT, [[right]])
    _set(draft, name, strike.pick(right, *others))


@attack("claim", "a claim that comes twice")
def doubled(draft: Draft, strike: Strike) -> None:
    name = strike.random.choice(sorted(draft.claims))
    other = strike.random.choice([b'"admin"', b"0", b"null", compact_json({"a": draft.claims[name]})])
    first = strike.pick(b"", b'"' + name.encode() + b'":' + other + b",")
    draft.write_claims = lambda claims: b"{" + first + compact_json(claims)[1:]


@attack("claim", "the claims inside something else")
def wrapped(draft: Draft, strike: Strike) -> None:
    right = draft.claims
    shapes: list[dict[str, Any]] = [{"claims": right}, {"": right}, {"payload": right}, {"iss": right}, {}]
    draft.claims = strike.pick(right, *shapes)


@attack("claim", "no object, or no JSON")
def no_object(draft: Draft, strike: Strike) -> None:
    whole = compact_json(draft.claims)
    shapes = (b"", b"null", b"[]", b"1", b'""', b"[" + whole + b"]", whole + whole, whole + b"x", whole[:-1], b"{}")
    more = (b"\xef\xbb\xbf" + whole, whole + b"\0", b"[" * 4000, whole.replace(b'"', b"'"), b"\xff" + whole)
    raw = strike.pick(whole, *shapes, *more, whole[:-1] + b",}", b"/**/" + whole)
    draft.write_claims = lambda _claims: raw


# one-time names


@attack("claim", "a one-time name that is none")
def no_jti(draft: Draft, strike: Strike) -> None:
    if not draft.scene.one_use:
        raise Unfit
    names = (
        "",
        "x",
        "a" * 7,
        "a" * 129,
        "a" * 4000,
        "abcdefgh\n",
        "abcdefgh\0",
        "äbcdefgh",
        12345678,
        None,
        ["abcdefgh"],
        True,
    )
    _set(draft, "jti", strike.pick(draft.claims["jti"], _LEFT_OUT, {}, *names))


@attack("replayed", "the same again")
def again(draft: Draft, strike: Strike) -> None:
    if not draft.scene.one_use:
        raise Unfit
    draft.rehearse = not strike.blank


@attack("replayed", "signed again with the same one-time name")
def again_with_other_claims(draft: Draft, strike: Strike) -> None:
    _need(draft, "exp")
    if not draft.scene.one_use:
        raise Unfit
    draft.rehearse = not strike.blank
    draft.claims["exp"] -= 1
