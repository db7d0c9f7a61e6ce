"""The Merkle tree, against the published values of Certificate Transparency and against the definition in RFC 9162."""

from __future__ import annotations

from hashlib import sha256

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cardsvc.audit.tree import (
    WIDTH,
    GrowingTree,
    Place,
    TreeDamaged,
    edge_places,
    nodes_of,
    prove_consistency,
    prove_inclusion,
    subtree_root,
)
from cardsvc.wire.merkle import (
    EMPTY_ROOT,
    Frontier,
    ProofInvalid,
    leaf_hash,
    node_hash,
    verify_consistency,
    verify_inclusion,
)

# github.com/transparency-dev/merkle, proof/verify_test.go and rfc6962/rfc6962_test.go; the same values stand in
# github.com/google/certificate-transparency, merkletree/merkle_tree_test.cc.
LEAVES = [
    bytes.fromhex(entry)
    for entry in (
        "", "00", "10", "2021", "3031", "40414243", "5051525354555657", "606162636465666768696a6b6c6d6e6f",
    )
]  # fmt: skip
ROOTS = [
    bytes.fromhex(root)
    for root in (
        "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
        "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
        "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
        "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
        "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
        "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
        "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
        "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
    )
]
INCLUSION = [  # index, size, proof
    (0, 1, []),
    (
        0,
        8,
        [
            "96a296d224f285c67bee93c30f8a309157f0daa35dc5b87e410b78630a09cfc7",
            "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
            "6b47aaf29ee3c2af9af889bc1fb9254dabd31177f16232dd6aab035ca39bf6e4",
        ],
    ),
    (
        5,
        8,
        [
            "bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b",
            "ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0",
            "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
        ],
    ),
    (2, 3, ["fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125"]),
    (
        1,
        5,
        [
            "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
            "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
            "bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b",
        ],
    ),
]
CONSISTENCY = [  # first, second, proof
    (1, 1, []),
    (
        1,
        8,
        [
            "96a296d224f285c67bee93c30f8a309157f0daa35dc5b87e410b78630a09cfc7",
            "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
            "6b47aaf29ee3c2af9af889bc1fb9254dabd31177f16232dd6aab035ca39bf6e4",
        ],
    ),
    (
        6,
        8,
        [
            "0ebc5d3437fbe2db158b9f126a1d118e308181031d0a949f8dededebc558ef6a",
            "ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0",
            "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
        ],
    ),
    (
        2,
        5,
        [
            "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
            "bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b",
        ],
    ),
    (
        6,
        7,
        [
            "0ebc5d3437fbe2db158b9f126a1d118e308181031d0a949f8dededebc558ef6a",
            "b08693ec2e721597130641e8211e7eedccb4c26413963eee6c1e2ed16ffb1a5f",
            "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
        ],
    ),
]
SOME_HASH = bytes.fromhex("abacaba000000000000000000000000000000000000000000060061e00123456")


class Log:
    """A tree kept in tiles, in memory."""

    def __init__(self) -> None:
        self.size = 0
        self.tiles: dict[Place, bytes] = {}

    def append(self, entry_hashes: list[bytes]) -> bytes:
        tree = GrowingTree(self.size, {place: self.tiles.get(place, b"") for place in edge_places(self.size)})
        tree.append(entry_hashes)
        self.tiles |= tree.changed
        self.size = tree.size
        return tree.root()

    def root(self, size: int) -> bytes:
        return subtree_root(nodes_of(self.tiles.__getitem__), 0, size)


def log_of(entry_hashes: list[bytes]) -> Log:
    log = Log()
    log.append(entry_hashes)
    return log


def numbered(count: int) -> list[bytes]:
    return [leaf_hash(number.to_bytes(4, "big")) for number in range(count)]


def definition(hashes: list[bytes]) -> bytes:
    """MTH of RFC 9162 §2.1.1, as it stands there."""
    if len(hashes) < 2:
        return hashes[0] if hashes else sha256(b"").digest()
    half = 1
    while half * 2 < len(hashes):
        half *= 2
    return sha256(b"\x01" + definition(hashes[:half]) + definition(hashes[half:])).digest()


def hashes_of(proof: list[str]) -> list[bytes]:
    return [bytes.fromhex(part) for part in proof]


def test_hashes_are_the_published_ones() -> None:
    assert EMPTY_ROOT.hex() == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
    assert leaf_hash(b"").hex() == "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d"
    assert leaf_hash(b"L123456").hex() == "395aa064aa4c29f7010acfe3f25db9485bbd4b91897b6ad7ad547639252b4d56"
    assert node_hash(b"N123", b"N456").hex() == "aa217fe888e47007fa15edab33c2b492a722cb106c64667fc2b044444de66bbb"


def test_roots_are_the_published_ones() -> None:
    log, frontier = Log(), Frontier()
    assert log.root(0) == frontier.root() == EMPTY_ROOT
    for size, (entry, root) in enumerate(zip(LEAVES, ROOTS, strict=True), 1):
        frontier.append(leaf_hash(entry))
        assert log.append([leaf_hash(entry)]) == log.root(size) == frontier.root() == root


@pytest.mark.parametrize(("index", "size", "proof"), INCLUSION)
def test_inclusion_proofs_are_the_published_ones(index: int, size: int, proof: list[str]) -> None:
    log = log_of([leaf_hash(entry) for entry in LEAVES])
    assert prove_inclusion(nodes_of(log.tiles.__getitem__), index, size) == hashes_of(proof)
    verify_inclusion(index, size, leaf_hash(LEAVES[index]), hashes_of(proof), ROOTS[size - 1])


@pytest.mark.parametrize(("first", "second", "proof"), CONSISTENCY)
def test_consistency_proofs_are_the_published_ones(first: int, second: int, proof: list[str]) -> None:
    log = log_of([leaf_hash(entry) for entry in LEAVES])
    assert prove_consistency(nodes_of(log.tiles.__getitem__), first, second) == hashes_of(proof)
    verify_consistency(first, second, hashes_of(proof), ROOTS[first - 1], ROOTS[second - 1])


@pytest.mark.parametrize(("index", "size", "proof"), INCLUSION[1:])
def test_what_the_reference_refuses_of_inclusion_is_refused(index: int, size: int, proof: list[str]) -> None:
    # The probes of corruptInclusionProof in proof/verify_test.go.
    entry, root, good = leaf_hash(LEAVES[index]), ROOTS[size - 1], hashes_of(proof)
    flipped = [[*good[:i], bytes((good[i][0] ^ 8, *good[i][1:])), *good[i + 1 :]] for i in range(len(good))]
    probes = [
        (index - 1, size, entry, good, root),
        (index + 1, size, entry, good, root),
        (index ^ 2, size, entry, good, root),
        (index, size * 2, entry, good, root),
        (index, size // 2, entry, good, root),
        (index, size, b"WrongLeaf", good, root),
        (index, size, entry, good, EMPTY_ROOT),
        (index, size, entry, good, SOME_HASH),
        *((index, size, entry, [*good, extra], root) for extra in (b"", root)),
        *((index, size, entry, [extra, *good], root) for extra in (b"", root)),
        *((index, size, entry, bad, root) for bad in flipped),
        (index, size, entry, good[:-1], root),
        (index, size, entry, [good[0], SOME_HASH, *good[1:]], root),
    ]
    for probe in probes:
        with pytest.raises(ProofInvalid):
            verify_inclusion(*probe)


@pytest.mark.parametrize(("first", "second", "proof"), CONSISTENCY[1:])
def test_what_the_reference_refuses_of_consistency_is_refused(first: int, second: int, proof: list[str]) -> None:
    # The probes of corruptConsistencyProof in proof/verify_test.go.
    old, new, good = ROOTS[first - 1], ROOTS[second - 1], hashes_of(proof)
    flipped = [[*good[:i], bytes((good[i][0] ^ 16, *good[i][1:])), *good[i + 1 :]] for i in range(len(good))]
    probes = [
        (first - 1, second, good, old, new),
        (first + 1, second, good, old, new),
        (first ^ 2, second, good, old, new),
        (first, second * 2, good, old, new),
        (first, second // 2, good, old, new),
        (first, second, good, b"WrongRoot", new),
        (first, second, good, old, b"WrongRoot"),
        (first, second, good, new, old),
        (first, second, [], old, new),
        *((first, second, [*good, extra], old, new) for extra in (b"", old, new)),
        *((first, second, [extra, *good], old, new) for extra in (b"", old, new, good[0])),
        (first, second, good[:-1], old, new),
        *((first, second, bad, old, new) for bad in flipped),
    ]
    for probe in probes:
        with pytest.raises(ProofInvalid):
            verify_consistency(*probe)


@pytest.mark.parametrize(
    ("first", "second", "proof", "old", "new"),
    [
        (0, 0, [], EMPTY_ROOT, SOME_HASH),
        (1, 1, [], EMPTY_ROOT, SOME_HASH),
        (1, 0, [], SOME_HASH, EMPTY_ROOT),
        (2, 1, [], SOME_HASH, SOME_HASH),
        (1, 2, [], SOME_HASH, SOME_HASH),
        (0, 0, [EMPTY_ROOT], EMPTY_ROOT, EMPTY_ROOT),
        (0, 1, [EMPTY_ROOT], EMPTY_ROOT, EMPTY_ROOT),
        (1, 1, [EMPTY_ROOT], EMPTY_ROOT, EMPTY_ROOT),
        (0, 1, [], SOME_HASH, SOME_HASH),  # not in the reference, which takes any root for that of the empty tree
    ],
)
def test_sizes_with_nothing_between_them_prove_nothing_else(
    first: int, second: int, proof: list[bytes], old: bytes, new: bytes
) -> None:
    with pytest.raises(ProofInvalid):
        verify_consistency(first, second, proof, old, new)


def test_the_empty_tree_is_the_beginning_of_all_and_each_tree_of_itself() -> None:
    verify_consistency(0, 0, [], EMPTY_ROOT, EMPTY_ROOT)
    verify_consistency(0, 7, [], EMPTY_ROOT, SOME_HASH)
    verify_consistency(7, 7, [], SOME_HASH, SOME_HASH)


# Sizes around the widths of tiles, where levels begin.
SIZES = st.one_of(st.integers(1, 40), st.sampled_from([255, 256, 257, 511, 512, 513, 700]))


@given(SIZES, st.data())
def test_every_proof_verifies_and_none_for_another_place(size: int, data: st.DataObject) -> None:
    entries = numbered(size)
    log = log_of(entries)
    nodes = nodes_of(log.tiles.__getitem__)
    index, first = data.draw(st.integers(0, size - 1)), data.draw(st.integers(0, size))
    part = data.draw(st.integers(index + 1, size))

    assert log.root(part) == definition(entries[:part])
    proof = prove_inclusion(nodes, index, part)
    verify_inclusion(index, part, entries[index], proof, log.root(part))
    verify_consistency(first, size, prove_consistency(nodes, first, size), log.root(first), log.root(size))
    other = data.draw(st.integers(0, part - 1).filter(lambda number: number != index) if part > 1 else st.just(part))
    with pytest.raises(ProofInvalid):
        verify_inclusion(other, part, entries[index], proof, log.root(part))


@given(st.lists(st.integers(0, 300), min_size=1, max_size=8))
def test_it_makes_no_difference_in_which_batches_a_tree_grew(batches: list[int]) -> None:
    entries = numbered(sum(batches))
    log, frontier, done = Log(), Frontier(), 0
    for count in batches:
        for entry in entries[done : done + count]:
            frontier.append(entry)
        assert log.append(entries[done : done + count]) == frontier.root()
        done += count
    assert log.tiles == log_of(entries).tiles
    assert frontier.size == log.size


def test_tiles_hold_the_hashes_of_entries_and_above_them_the_roots_of_full_tiles() -> None:
    entries = numbered(3 * WIDTH + 5)
    tiles = log_of(entries).tiles
    assert sorted(tiles) == [(0, 0), (0, 1), (0, 2), (0, 3), (1, 0)]
    assert tiles[0, 3] == b"".join(entries[3 * WIDTH :])
    assert tiles[1, 0] == b"".join(definition(entries[i * WIDTH : (i + 1) * WIDTH]) for i in range(3))


def test_a_tree_of_three_levels_of_tiles() -> None:
    entries = numbered(WIDTH * WIDTH + 300)
    log, frontier = log_of(entries), Frontier()
    for entry in entries:
        frontier.append(entry)
    assert log.root(log.size) == frontier.root()
    assert (2, 0) in log.tiles
    nodes = nodes_of(log.tiles.__getitem__)
    for index in (0, 255, 256, 65_535, 65_536, log.size - 1):
        verify_inclusion(index, log.size, entries[index], prove_inclusion(nodes, index, log.size), frontier.root())


@pytest.mark.parametrize(("size", "tiles"), [(0, 0), (1, 1), (256, 1), (257, 2), (1_000_000, 3), (2**40 + 2**24, 2)])
def test_to_append_a_tile_of_each_level_at_most_is_read(size: int, tiles: int) -> None:
    assert len(edge_places(size)) == tiles


@pytest.mark.parametrize("tile", [b"", b"\0" * 31, b"\0" * 32 * 4, b"\0" * 32 * 6])
def test_a_tree_whose_edge_has_other_hashes_than_it_must_does_not_grow(tile: bytes) -> None:
    with pytest.raises(TreeDamaged):
        GrowingTree(5, {(0, 0): tile})


def test_a_tile_that_lacks_hashes_proves_nothing() -> None:
    log = log_of(numbered(9))
    log.tiles[0, 0] = log.tiles[0, 0][:-32]
    with pytest.raises(TreeDamaged):
        prove_inclusion(nodes_of(log.tiles.__getitem__), 0, 9)
