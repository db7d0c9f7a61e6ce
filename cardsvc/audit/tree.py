"""The Merkle tree of the log: how it grows and what it proves (RFC 9162 §2.1). Pure: `storage` keeps it.

The tree is kept as tiles (C2SP tlog-tiles): up to 256 hashes side by side. A tile of level 0 holds the hashes of
entries, each hash of a tile above is the root of a full tile below it. A million entries are 3,923 tiles in place of
two million rows of nodes; to append, the last tile of each level is read and written (three at a million entries, four
at seventeen millions); a proof needs two tiles of each level and hashes within them what lies between the levels.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Final

from cardsvc.wire.merkle import EMPTY_ROOT, HASH_SIZE, node_hash

HEIGHT: Final = 8
WIDTH: Final = 1 << HEIGHT
"""So many hashes are in a full tile."""

Place = tuple[int, int]
"""Level and number of a tile."""
Tiles = Callable[[Place], bytes]
"""Gives the hashes of a tile, at least those that the tree has there."""
Nodes = Callable[[int, int], bytes]
"""Gives the hash of a complete subtree: of 2^level entries, by its number among these, from 0."""


class TreeDamaged(Exception):
    """Raised when tiles lack hashes that the tree must have."""


def edge_places(size: int) -> list[Place]:
    """The tiles that are begun and not full in a tree of this size, lowest first; those to be written next."""
    return [(level, size >> HEIGHT * level >> HEIGHT) for level in range(_levels(size)) if _filled(size, level)]


class GrowingTree:
    """The right edge of a tree, to which entries are appended. ``changed`` are the tiles to be written."""

    def __init__(self, size: int, edge: Mapping[Place, bytes]) -> None:
        """Raises TreeDamaged unless ``edge`` has the tiles of `edge_places`, and in them what the tree has."""
        self.size = size
        self._edge: dict[int, bytearray] = {}
        for place in edge_places(size):
            level, _ = place
            hashes = edge.get(place, b"")
            if len(hashes) != _filled(size, level) * HASH_SIZE:
                raise TreeDamaged(f"tile {place} does not fit a tree of {size} entries")
            self._edge[level] = bytearray(hashes)
        self.changed: dict[Place, bytes] = {}

    def append(self, entry_hashes: list[bytes]) -> None:
        """Add the hashes of the next entries."""
        for entry_hash in entry_hashes:
            self._add(0, entry_hash)
            self.size += 1
        self.changed |= {(level, number): bytes(self._edge[level]) for level, number in edge_places(self.size)}

    def root(self) -> bytes:
        """The root as it is now."""
        return subtree_root(nodes_of(lambda place: bytes(self._edge[place[0]])), 0, self.size)

    def _add(self, level: int, entry_hash: bytes) -> None:
        tile = self._edge.setdefault(level, bytearray())
        tile += entry_hash
        if len(tile) == WIDTH * HASH_SIZE:
            number = self.size >> HEIGHT * (level + 1)
            self.changed[level, number] = bytes(tile)
            self._edge[level] = bytearray()
            self._add(level + 1, _fold(_hashes(tile)))


def nodes_of(tiles: Tiles) -> Nodes:
    """The nodes of a tree that is kept in tiles. They raise TreeDamaged for what is not there."""

    def node(level: int, index: int) -> bytes:
        tile_level, within = divmod(level, HEIGHT)
        first = index << within
        number, offset = divmod(first, WIDTH)
        hashes = tiles((tile_level, number))[offset * HASH_SIZE : (offset + (1 << within)) * HASH_SIZE]
        if len(hashes) != HASH_SIZE << within:
            raise TreeDamaged(f"tile {(tile_level, number)} lacks hashes")
        return _fold(_hashes(hashes))

    return node


def subtree_root(nodes: Nodes, start: int, end: int) -> bytes:
    """MTH(D[start:end]) for a subtree of a tree (§2.1.1)."""
    size = end - start
    if size == 0:
        return EMPTY_ROOT
    if size & (size - 1) == 0:
        level = size.bit_length() - 1
        return nodes(level, start >> level)
    middle = start + _split(size)
    return node_hash(subtree_root(nodes, start, middle), subtree_root(nodes, middle, end))


def prove_inclusion(nodes: Nodes, index: int, size: int) -> list[bytes]:
    """PATH(index, D[size]) (§2.1.3.1). ``index`` is less than ``size``."""
    start, end, proof = 0, size, []
    while end - start > 1:
        middle = start + _split(end - start)
        if index < middle:
            proof.append(subtree_root(nodes, middle, end))
            end = middle
        else:
            proof.append(subtree_root(nodes, start, middle))
            start = middle
    return proof[::-1]


def prove_consistency(nodes: Nodes, first: int, second: int) -> list[bytes]:
    """PROOF(first, D[second]) (§2.1.4.1). Empty when there is nothing to be proved."""
    if first in (0, second):
        return []
    start, end, proof = 0, second, []
    while first != end:
        middle = start + _split(end - start)
        if first <= middle:
            proof.append(subtree_root(nodes, middle, end))
            end = middle
        else:
            proof.append(subtree_root(nodes, start, middle))
            start = middle
    if start:
        proof.append(subtree_root(nodes, start, end))
    return proof[::-1]


def _split(size: int) -> int:
    """The largest power of two that is smaller."""
    return 1 << (size - 1).bit_length() - 1


def _levels(size: int) -> int:
    return -(-size.bit_length() // HEIGHT)


def _filled(size: int, level: int) -> int:
    """How many hashes are in the last tile of a level that is not full."""
    return (size >> HEIGHT * level) % WIDTH


def _hashes(tile: bytes | bytearray) -> list[bytes]:
    return [bytes(tile[start : start + HASH_SIZE]) for start in range(0, len(tile), HASH_SIZE)]


def _fold(hashes: list[bytes]) -> bytes:
    """The root over a power of two of hashes."""
    while len(hashes) > 1:
        pairs: Iterator[bytes] = iter(hashes)
        hashes = [node_hash(left, right) for left, right in zip(pairs, pairs, strict=True)]
    return hashes[0]
