"""The tree: roots and proofs agree with the published vectors and with the RFC's own recursion."""

import base64
import hashlib
import json
from pathlib import Path

import pytest

from remarque.errors import LedgerDamaged
from remarque.ledger.merkle import EMPTY_ROOT, Frontier, Tree
from stand_ins.samples import samples_under

# The tree of Certificate Transparency's reference test vectors.
REFERENCE_LEAVES = [
    bytes.fromhex(text)
    for text in (
        "",
        "00",
        "10",
        "2021",
        "3031",
        "40414243",
        "5051525354555657",
        "606162636465666768696a6b6c6d6e6f",
    )
]
VECTORS = samples_under("tlog/merkle", "*.json")
NEEDS_VECTORS = pytest.mark.skipif(not VECTORS, reason="shared tlog vectors are not here")


def leaf_hash(content):
    return hashlib.sha256(b"\x00" + content).digest()


def node_hash(left, right):
    return hashlib.sha256(b"\x01" + left + right).digest()


def root_by_recursion(digests):
    """RFC 9162 §2.1.1, word for word."""
    if len(digests) < 2:
        return digests[0] if digests else hashlib.sha256(b"").digest()
    middle = 1
    while middle * 2 < len(digests):
        middle *= 2
    return node_hash(root_by_recursion(digests[:middle]), root_by_recursion(digests[middle:]))


def inclusion_holds(index, size, leaf, proof, root):
    """RFC 9162 §2.1.3.2, word for word."""
    if index >= size or len(leaf) != 32:
        return False
    first, second, digest = index, size - 1, leaf
    for sibling in proof:
        if second == 0:
            return False
        if first & 1 or first == second:
            digest = node_hash(sibling, digest)
            while first and not first & 1:
                first, second = first >> 1, second >> 1
        else:
            digest = node_hash(digest, sibling)
        first, second = first >> 1, second >> 1
    return second == 0 and digest == root


def consistency_holds(old_size, new_size, proof, old_root, new_root):
    """RFC 9162 §2.1.4.2, word for word; equal sizes need equal roots and no proof."""
    if not 0 < old_size < new_size:
        return old_size == new_size and not proof and old_root == new_root
    path = [old_root, *proof] if old_size.bit_count() == 1 else list(proof)
    if not proof:
        return False
    first, second = old_size - 1, new_size - 1
    while first & 1:
        first, second = first >> 1, second >> 1
    old = new = path[0]
    for digest in path[1:]:
        if second == 0:
            return False
        if first & 1 or first == second:
            old, new = node_hash(digest, old), node_hash(digest, new)
            while first and not first & 1:
                first, second = first >> 1, second >> 1
        else:
            new = node_hash(new, digest)
        first, second = first >> 1, second >> 1
    return second == 0 and old == old_root and new == new_root


def raw(text):
    return base64.b64decode(text)


def digests(count):
    return [leaf_hash(b"%d" % number) for number in range(count)]


@NEEDS_VECTORS
def test_all_57_published_vectors_are_here():
    assert len(VECTORS) == 57


@NEEDS_VECTORS
@pytest.mark.parametrize("path", VECTORS, ids=lambda path: "/".join(path.parts[-3:]))
def test_the_verifier_of_these_tests_judges_the_vector_rightly(path: Path):
    vector = json.loads(path.read_text())
    proof = [raw(text) for text in vector["proof"] or ()]
    if "leafIdx" in vector:
        leaf, root = raw(vector["leafHash"]), raw(vector["root"])
        holds = inclusion_holds(vector["leafIdx"], vector["treeSize"], leaf, proof, root)
    else:
        roots = raw(vector["root1"]), raw(vector["root2"])
        holds = consistency_holds(vector["size1"], vector["size2"], proof, *roots)
    assert holds is not vector["wantErr"]


@NEEDS_VECTORS
@pytest.mark.parametrize(
    "path", [path for path in VECTORS if path.stem == "happy-path"], ids=lambda p: p.parent.name
)
def test_the_tree_makes_exactly_the_published_proofs(path: Path):
    vector = json.loads(path.read_text())
    tree = Tree(leaf_hash(leaf) for leaf in REFERENCE_LEAVES)
    proof = tuple(raw(text) for text in vector["proof"] or ())
    if "leafIdx" in vector:
        assert tree.root(vector["treeSize"]) == raw(vector["root"])
        assert tree.inclusion_proof(vector["leafIdx"], vector["treeSize"]) == proof
    else:
        assert tree.root(vector["size1"]) == raw(vector["root1"])
        assert tree.root(vector["size2"]) == raw(vector["root2"])
        assert tree.consistency_proof(vector["size1"], vector["size2"]) == proof


def test_roots_of_every_size_follow_the_recursion_of_the_rfc():
    leaves = digests(70)
    tree, frontier = Tree(leaves), Frontier()
    for size in range(71):
        expected = root_by_recursion(leaves[:size])
        assert tree.root(size) == frontier.root() == expected
        assert frontier.size == size
        if size < 70:
            frontier.add(leaves[size])


def test_every_inclusion_proof_of_every_earlier_size_holds():
    leaves = digests(40)
    tree = Tree(leaves)
    for size in range(1, 41):
        for index in range(size):
            proof = tree.inclusion_proof(index, size)
            assert inclusion_holds(index, size, leaves[index], proof, tree.root(size))
            assert not inclusion_holds(index, size, leaves[index - 1], proof, tree.root(size)) or (
                size == 1
            )


def test_every_consistency_proof_between_earlier_sizes_holds():
    tree = Tree(digests(40))
    for new in range(1, 41):
        for old in range(1, new + 1):
            proof = tree.consistency_proof(old, new)
            assert consistency_holds(old, new, proof, tree.root(old), tree.root(new))
        assert tree.consistency_proof(0, new) == ()


def test_a_ledger_goes_on_from_a_kept_frontier():
    leaves = digests(100)
    half = Frontier()
    for leaf in leaves[:37]:
        half.add(leaf)
    rest = Frontier(half.size, half.subtrees())
    for leaf in leaves[37:]:
        rest.add(leaf)
    assert rest.root() == Tree(leaves).root()
    assert rest.subtrees()[0] == Tree(leaves[:64]).root()


def test_a_forked_ledger_has_no_consistency_proof():
    leaves = digests(20)
    forked = [*leaves[:5], leaf_hash(b"rewritten"), *leaves[6:]]
    old, new = Tree(leaves[:10]), Tree(forked)
    proof = new.consistency_proof(10, 20)
    assert not consistency_holds(10, 20, proof, old.root(), new.root())


def test_an_empty_tree_has_the_root_of_nothing():
    assert Tree([]).root() == Frontier().root() == EMPTY_ROOT == hashlib.sha256(b"").digest()
    assert Tree([]).size == 0


@pytest.mark.parametrize(("size", "subtrees"), [(3, [b"x" * 32]), (-1, []), (1, [b"short"])])
def test_a_frontier_that_cannot_be_is_refused(size, subtrees):
    with pytest.raises(LedgerDamaged):
        Frontier(size, subtrees)


def test_what_the_tree_never_had_cannot_be_proved():
    tree = Tree(digests(5))
    for ask in (
        lambda: tree.root(6),
        lambda: tree.inclusion_proof(5),
        lambda: tree.inclusion_proof(3, 3),
        lambda: tree.inclusion_proof(-1),
        lambda: tree.consistency_proof(4, 3),
        lambda: tree.consistency_proof(3, 6),
        lambda: Tree([b"short"]),
        lambda: Frontier().add(b"short"),
    ):
        with pytest.raises(LedgerDamaged):
            ask()
