"""What a card remembers when it is off the reader, and its form in a file (JSON, bytes as hex).

The file holds private keys in the clear: a software card is for tests, demonstrations and development.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from enum import IntEnum
from types import MappingProxyType
from typing import Any, Final, Self

from readers.piv.identifiers import Algorithm
from readers.piv.management_key import KEY_SIZES
from readers.virtual.profiles import PROFILES, CardProfile

DEFAULT_PIN: Final = b"123456\xff\xff"
DEFAULT_PUK: Final = b"12345678"
DEFAULT_MANAGEMENT_KEY: Final = bytes(range(1, 9)) * 3
DEFAULT_TRIES: Final = 3
_FORMAT: Final = 1


def factory_management_key(algorithm: Algorithm) -> bytes:
    """As much of the well-known key as the algorithm takes; AES-256 takes it over again from the start."""
    return (DEFAULT_MANAGEMENT_KEY * 2)[: KEY_SIZES[algorithm]]


class PinPolicy(IntEnum):
    """When a key wants the PIN (SP 800-73-5 part 1 table 4b; the numbers are Yubico's)."""

    NEVER = 1
    ONCE = 2
    ALWAYS = 3


class Origin(IntEnum):
    """Where a key was made (Yubico's numbers)."""

    GENERATED = 1
    IMPORTED = 2


@dataclass(frozen=True, slots=True)
class Secret:
    """A PIN or PUK with its retry counter."""

    value: bytes = field(repr=False)
    tries: int = DEFAULT_TRIES
    tries_left: int = DEFAULT_TRIES

    def spend(self) -> Self:
        """The same with one try fewer."""
        return replace(self, tries_left=self.tries_left - 1)

    def refill(self) -> Self:
        """The same with all its tries."""
        return replace(self, tries_left=self.tries)

    def renewed(self, value: bytes) -> Self:
        """Another value with all tries."""
        return replace(self, value=value, tries_left=self.tries)


@dataclass(frozen=True, slots=True)
class ManagementKey:
    """The card management key 9B."""

    algorithm: Algorithm
    value: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class KeySlot:
    """One asymmetric key."""

    algorithm: Algorithm
    private: bytes = field(repr=False)
    """PKCS #8, DER."""
    pin_policy: PinPolicy
    touch_policy: int = 1
    origin: Origin = Origin.GENERATED


@dataclass(frozen=True, slots=True)
class CardState:
    """Everything that survives power off. Values are replaced, never changed."""

    profile: CardProfile
    serial: int
    pin: Secret
    puk: Secret
    management: ManagementKey
    keys: Mapping[int, KeySlot]
    """By key reference."""
    objects: Mapping[int, bytes] = field(repr=False)
    """Content of the 53 (or 7E, 7F61) container, by object tag."""

    @classmethod
    def blank(cls, profile: CardProfile, serial: int) -> Self:
        """A card as the factory delivers it: well-known PIN, PUK and management key, no keys, no objects."""
        return cls(
            profile=profile,
            serial=serial,
            pin=Secret(DEFAULT_PIN, profile.pin_tries, profile.pin_tries),
            puk=Secret(DEFAULT_PUK, profile.puk_tries, profile.puk_tries),
            management=ManagementKey(
                profile.management_algorithm, factory_management_key(profile.management_algorithm)
            ),
            keys=MappingProxyType({}),
            objects=MappingProxyType(dict(profile.factory_objects(serial))),
        )

    def with_key(self, reference: int, slot: KeySlot) -> Self:
        """The same card with one key set."""
        return replace(self, keys=MappingProxyType({**self.keys, reference: slot}))

    def with_object(self, tag: int, content: bytes) -> Self:
        """The same card with one object set; empty content removes it."""
        others = {known: value for known, value in self.objects.items() if known != tag}
        return replace(self, objects=MappingProxyType({**others, tag: content} if content else others))

    def to_json(self) -> str:
        """The form in the file."""
        return json.dumps(
            {
                "format": _FORMAT,
                "profile": self.profile.name,
                "serial": self.serial,
                "pin": _secret_out(self.pin),
                "puk": _secret_out(self.puk),
                "management": {"algorithm": self.management.algorithm, "value": self.management.value.hex()},
                "keys": {f"{reference:02X}": _slot_out(slot) for reference, slot in self.keys.items()},
                "objects": {f"{tag:X}": content.hex() for tag, content in self.objects.items()},
            },
            indent=1,
        )

    @classmethod
    def from_json(cls, text: str) -> Self:
        """Read it back. Raises ValueError (or KeyError, TypeError) when it is not what `to_json` writes."""
        raw = json.loads(text)
        if raw["format"] != _FORMAT:
            raise ValueError(f"unknown format {raw['format']!r}")
        management = raw["management"]
        return cls(
            profile=PROFILES[raw["profile"]],
            serial=int(raw["serial"]),
            pin=_secret_in(raw["pin"]),
            puk=_secret_in(raw["puk"]),
            management=ManagementKey(Algorithm(management["algorithm"]), bytes.fromhex(management["value"])),
            keys=MappingProxyType({int(ref, 16): _slot_in(slot) for ref, slot in raw["keys"].items()}),
            objects=MappingProxyType({int(tag, 16): bytes.fromhex(value) for tag, value in raw["objects"].items()}),
        )


def _secret_out(secret: Secret) -> dict[str, Any]:
    return {"value": secret.value.hex(), "tries": secret.tries, "tries_left": secret.tries_left}


def _secret_in(raw: dict[str, Any]) -> Secret:
    return Secret(bytes.fromhex(raw["value"]), int(raw["tries"]), int(raw["tries_left"]))


def _slot_out(slot: KeySlot) -> dict[str, Any]:
    return {
        "algorithm": slot.algorithm,
        "private": slot.private.hex(),
        "pin_policy": slot.pin_policy,
        "touch_policy": slot.touch_policy,
        "origin": slot.origin,
    }


def _slot_in(raw: dict[str, Any]) -> KeySlot:
    return KeySlot(
        Algorithm(raw["algorithm"]),
        bytes.fromhex(raw["private"]),
        PinPolicy(raw["pin_policy"]),
        int(raw["touch_policy"]),
        Origin(raw["origin"]),
    )
