"""Merkle proofs: the published vectors decide, and every size agrees with the definition."""

import base64
import hashlib
import json

import pytest

from remarque.ledger.merkle import Tree
from remarque.verifying.merkle import (
    EMPTY_ROOT,
    consistency_holds,
    inclusion_holds,
    leaf_digest,
    node_digest,
    rebuild_roots,
)
from stand_ins.samples import samples_under


def raw(text):
    return base64.b64decode(text or "")


def vectors(kind):
    paths = samples_under(f"tlog/merkle/{kind}", "*.json")
    return [
        pytest.param(json.loads(path.read_text()), id=f"{path.parent.name}/{path.stem}")
        for path in paths
    ]


@pytest.mark.parametrize("vector", vectors("inclusion"))
def test_published_inclusion_vectors(vector):
    held = inclusion_holds(
        vector["leafIdx"],
        vector["treeSize"],
        raw(vector["leafHash"]),
        [raw(text) for text in vector["proof"] or []],
        raw(vector["root"]),
    )
    assert held is not vector["wantErr"]


@pytest.mark.parametrize("vector", vectors("consistency"))
def test_published_consistency_vectors(vector):
    held = consistency_holds(
        vector["size1"],
        vector["size2"],
        [raw(text) for text in vector["proof"] or []],
        raw(vector["root1"]),
        raw(vector["root2"]),
    )
    assert held is not vector["wantErr"]


def root_by_definition(digests):
    """RFC 9162 §2.1.1, word for word."""
    if not digests:
        return hashlib.sha256().digest()
    if len(digests) == 1:
        return digests[0]
    split = 1
    while split * 2 < len(digests):
        split *= 2
    return node_digest(root_by_definition(digests[:split]), root_by_definition(digests[split:]))


def test_one_pass_gives_the_root_at_every_size():
    digests = [leaf_digest(b"%d" % n) for n in range(70)]
    roots = rebuild_roots(digests, range(80))
    assert roots == {size: root_by_definition(digests[:size]) for size in range(71)}
    assert roots[0] == EMPTY_ROOT


def test_proofs_made_by_the_ledger_hold_and_bent_ones_do_not():
    digests = [leaf_digest(b"%d" % n) for n in range(40)]
    tree = Tree(digests)
    roots = rebuild_roots(digests, range(41))
    for size in range(1, 41):
        for index in range(size):
            proof = tree.inclusion_proof(index, size)
            assert inclusion_holds(index, size, digests[index], proof, roots[size])
            assert not inclusion_holds(index, size, leaf_digest(b"other"), proof, roots[size])
            assert not inclusion_holds(
                index, size, digests[index], (*proof, EMPTY_ROOT), roots[size]
            )
        for old in range(1, size + 1):
            proof = tree.consistency_proof(old, size)
            assert consistency_holds(old, size, proof, roots[old], roots[size])
            assert not consistency_holds(old, size, proof, EMPTY_ROOT, roots[size])
            assert not consistency_holds(old, size, proof, roots[old], EMPTY_ROOT)


def test_an_empty_tree_begins_every_tree():
    root = leaf_digest(b"x")
    assert consistency_holds(0, 1, [], EMPTY_ROOT, root)
    assert not consistency_holds(0, 1, [], root, root)
    assert not consistency_holds(0, 1, [root], EMPTY_ROOT, root)
    assert not consistency_holds(2, 1, [], root, root)
