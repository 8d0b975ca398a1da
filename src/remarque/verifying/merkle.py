"""RFC 9162 Merkle trees, the reading side: proofs are checked and roots rebuilt.

Written from RFC 9162 §2.1 alone; shares nothing with the ledger that makes the proofs.
"""

import hashlib
from collections.abc import Iterable, Sequence

DIGEST_BYTES = 32
EMPTY_ROOT = hashlib.sha256(b"").digest()


def leaf_digest(leaf: bytes) -> bytes:
    """SHA-256(0x00 || leaf), 32 bytes (RFC 9162 §2.1.1)."""
    return hashlib.sha256(b"\x00" + leaf).digest()


def node_digest(left: bytes, right: bytes) -> bytes:
    """SHA-256(0x01 || left || right), 32 bytes (RFC 9162 §2.1.1)."""
    return hashlib.sha256(b"\x01" + left + right).digest()


def inclusion_holds(
    index: int, size: int, leaf: bytes, proof: Sequence[bytes], root: bytes
) -> bool:
    """Whether the proof leads from a leaf digest to the root of a tree (RFC 9162 §2.1.3.2).

    Args:
        index: Zero-based index of the leaf.
        size: Number of leaves of the tree.
        leaf: Leaf digest, 32 bytes.
        proof: Sibling digests from the leaf up, 32 bytes each.
        root: Root digest of the tree, 32 bytes.
    """
    if not 0 <= index < size or not _all_digests((leaf, root, *proof)):
        return False
    first, last, reached = index, size - 1, leaf
    for sibling in proof:
        if last == 0:
            return False
        if first & 1 or first == last:
            reached = node_digest(sibling, reached)
            while first and not first & 1:
                first >>= 1
                last >>= 1
        else:
            reached = node_digest(reached, sibling)
        first >>= 1
        last >>= 1
    return last == 0 and reached == root


def consistency_holds(
    old_size: int, new_size: int, proof: Sequence[bytes], old_root: bytes, new_root: bytes
) -> bool:
    """Whether the new tree begins with the whole old one (RFC 9162 §2.1.4.2).

    An empty old tree begins every tree: then the proof is empty and the old root is that of no
    leaves. Two trees of one size are consistent when their roots are equal.
    """
    if not 0 <= old_size <= new_size or not _all_digests((old_root, new_root, *proof)):
        return False
    if old_size == new_size:
        return not proof and old_root == new_root
    if old_size == 0:
        return not proof and old_root == EMPTY_ROOT
    path = list(proof)
    if old_size & (old_size - 1) == 0:
        path.insert(0, old_root)
    return bool(path) and _climbs_to_both(old_size, new_size, path, (old_root, new_root))


def _climbs_to_both(
    old_size: int, new_size: int, path: Sequence[bytes], roots: tuple[bytes, bytes]
) -> bool:
    first, last = old_size - 1, new_size - 1
    while first & 1:
        first >>= 1
        last >>= 1
    old = new = path[0]
    for sibling in path[1:]:
        if last == 0:
            return False
        if first & 1 or first == last:
            old, new = node_digest(sibling, old), node_digest(sibling, new)
            while first and not first & 1:
                first >>= 1
                last >>= 1
        else:
            new = node_digest(new, sibling)
        first >>= 1
        last >>= 1
    return last == 0 and (old, new) == roots


def rebuild_roots(leaf_digests: Iterable[bytes], sizes: Iterable[int]) -> dict[int, bytes]:
    """The root at every asked size, in one pass over the leaf digests (RFC 9162 §2.1.2).

    Holds one digest for each level, so any number of leaves may stream through. A size beyond
    the number of leaves has no root and is absent from the answer.
    """
    wanted = set(sizes)
    roots: dict[int, bytes] = {0: EMPTY_ROOT} if 0 in wanted else {}
    sha256 = hashlib.sha256
    subtrees: list[bytes] = []
    for count, digest in enumerate(leaf_digests):
        joined, position = digest, count
        while position & 1:
            joined = sha256(b"\x01" + subtrees.pop() + joined).digest()
            position >>= 1
        subtrees.append(joined)
        if count + 1 in wanted:
            roots[count + 1] = _fold(subtrees)
    return roots


def _fold(subtrees: Sequence[bytes]) -> bytes:
    root = subtrees[-1]
    for left in reversed(subtrees[:-1]):
        root = node_digest(left, root)
    return root


def _all_digests(values: Iterable[bytes]) -> bool:
    return all(len(value) == DIGEST_BYTES for value in values)
