"""Merkle trees as RFC 9162 §2.1 has them, for whoever verifies what the audit log proves. SHA-256; hashes of 32 bytes.

The log's side, which makes proofs, is `cardsvc.audit.tree`.
"""

from __future__ import annotations

from collections.abc import Sequence
from hashlib import sha256
from typing import Final

HASH_SIZE: Final = 32
EMPTY_ROOT: Final = sha256(b"").digest()
"""The root of a tree without entries."""


class ProofInvalid(ValueError):
    """Raised when a proof does not prove what it should."""


def leaf_hash(entry: bytes) -> bytes:
    """The hash of an entry (§2.1.1)."""
    return sha256(b"\x00" + entry).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    """The hash over two subtrees (§2.1.1)."""
    return sha256(b"\x01" + left + right).digest()


class Frontier:
    """A growing tree of which only the roots of its complete parts are kept: as many as its size has bits set."""

    def __init__(self) -> None:
        self.size = 0
        self._parts: list[bytes] = []

    def append(self, entry_hash: bytes) -> None:
        """Add the hash of the next entry."""
        complete = self.size
        self.size += 1
        while complete & 1:
            entry_hash = node_hash(self._parts.pop(), entry_hash)
            complete >>= 1
        self._parts.append(entry_hash)

    def root(self) -> bytes:
        """The root of what was added so far."""
        if not self._parts:
            return EMPTY_ROOT
        *rest, root = self._parts
        for part in reversed(rest):
            root = node_hash(part, root)
        return root


def verify_inclusion(index: int, size: int, entry_hash: bytes, proof: Sequence[bytes], root: bytes) -> None:
    """Check that the entry is at this index of the tree (§2.1.3.2). Raises ProofInvalid."""
    _check_sizes(proof)
    if not 0 <= index < size:
        raise ProofInvalid("the index is not in the tree")
    here, last, found = index, size - 1, entry_hash
    for sibling in proof:
        if last == 0:
            raise ProofInvalid("the proof is too long")
        if here & 1 or here == last:
            found = node_hash(sibling, found)
            here, last = _up_to_right_child(here, last)
        else:
            found = node_hash(found, sibling)
        here, last = here >> 1, last >> 1
    if last != 0 or found != root:
        raise ProofInvalid("the proof leads to another root")


def verify_consistency(first: int, second: int, proof: Sequence[bytes], first_root: bytes, second_root: bytes) -> None:
    """Check that the tree of the first size is the beginning of that of the second (§2.1.4.2). Raises ProofInvalid."""
    _check_sizes(proof)
    if not 0 <= first <= second:
        raise ProofInvalid("the sizes are in the wrong order")
    if first in (0, second):
        # Nothing is to be proved: a tree is its own beginning, and the empty tree is that of all.
        if proof or first_root != (second_root if first == second else EMPTY_ROOT):
            raise ProofInvalid("trees of one size with different roots")
        return
    path = [first_root, *proof] if first & (first - 1) == 0 else list(proof)
    if not path:
        raise ProofInvalid("the proof is too short")
    _climb(first - 1, second - 1, path, first_root, second_root)


def _climb(here: int, last: int, path: Sequence[bytes], first_root: bytes, second_root: bytes) -> None:
    while here & 1:
        here, last = here >> 1, last >> 1
    old = new = path[0]
    for sibling in path[1:]:
        if last == 0:
            raise ProofInvalid("the proof is too long")
        if here & 1 or here == last:
            old, new = node_hash(sibling, old), node_hash(sibling, new)
            here, last = _up_to_right_child(here, last)
        else:
            new = node_hash(new, sibling)
        here, last = here >> 1, last >> 1
    if last != 0 or old != first_root or new != second_root:
        raise ProofInvalid("the proof leads to other roots")


def _up_to_right_child(here: int, last: int) -> tuple[int, int]:
    """Past the levels on which a last node without a sibling is its own parent."""
    while here and not here & 1:
        here, last = here >> 1, last >> 1
    return here, last


def _check_sizes(proof: Sequence[bytes]) -> None:
    if any(len(part) != HASH_SIZE for part in proof):
        raise ProofInvalid("a part of the proof is not a hash")
