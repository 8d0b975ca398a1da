"""The Merkle tree of RFC 9162 §2.1 with SHA-256: growing it, and proofs from it.

Digests are 32 raw bytes, indices are zero-based. ``Frontier`` appends and knows the root;
``Tree`` holds every level and answers any number of proofs for any size it has had.
"""

import hashlib
from collections.abc import Iterable, Iterator, Sequence

from remarque.errors import LedgerDamaged

DIGEST_BYTES = 32
EMPTY_ROOT = hashlib.sha256(b"").digest()

_NODE_PREFIX = b"\x01"


def node_digest(left: bytes, right: bytes) -> bytes:
    """The digest of an inner node: SHA-256(0x01 || left || right), RFC 9162 §2.1.1."""
    return hashlib.sha256(_NODE_PREFIX + left + right).digest()


class Frontier:
    """The right edge of a growing tree: enough to append and to know the root, and no more.

    ``subtrees`` are the roots of the perfect subtrees the leaves fall into, largest first: one
    for each one bit of ``size``.
    """

    def __init__(self, size: int = 0, subtrees: Sequence[bytes] = ()) -> None:
        """Continue a tree of this size; an empty one without arguments.

        Raises:
            LedgerDamaged: There is not one 32-byte root for each one bit of the size.
        """
        if size < 0 or len(subtrees) != size.bit_count():
            raise LedgerDamaged(
                f"a tree of {size} entries cannot have an edge of {len(subtrees)} subtrees"
            )
        self._size = size
        self._subtrees = [_checked(root) for root in subtrees]

    @property
    def size(self) -> int:
        """How many leaves there are."""
        return self._size

    def subtrees(self) -> tuple[bytes, ...]:
        """The roots of the perfect subtrees, largest first."""
        return tuple(self._subtrees)

    def add(self, leaf_digest: bytes) -> None:
        """Append one leaf digest.

        Raises:
            LedgerDamaged: It does not have 32 bytes.
        """
        grown, complete = _checked(leaf_digest), self._size
        while complete & 1:
            grown = node_digest(self._subtrees.pop(), grown)
            complete >>= 1
        self._subtrees.append(grown)
        self._size += 1

    def root(self) -> bytes:
        """The root of the tree so far; SHA-256 of nothing when it is empty."""
        return _fold(self._subtrees)


class Tree:
    """All levels of a tree, built once; every earlier size of it can be proved from."""

    def __init__(self, leaf_digests: Iterable[bytes]) -> None:
        """Build the levels: level h holds the roots of the complete subtrees of 2**h leaves.

        Raises:
            LedgerDamaged: A leaf digest does not have 32 bytes.
        """
        level = [_checked(digest) for digest in leaf_digests]
        self._levels = [level]
        while len(level) > 1:
            level = [
                node_digest(left, right)
                for left, right in zip(level[0::2], level[1::2], strict=False)
            ]
            self._levels.append(level)

    @property
    def size(self) -> int:
        """How many leaves there are."""
        return len(self._levels[0])

    def root(self, size: int | None = None) -> bytes:
        """The root when the tree had this size; now, when none is given.

        Raises:
            LedgerDamaged: The tree never had this size.
        """
        return self._root_of(0, self._known(self.size if size is None else size))

    def inclusion_proof(self, index: int, size: int | None = None) -> tuple[bytes, ...]:
        """The siblings from a leaf up to the root of this size, RFC 9162 §2.1.3.1.

        Raises:
            LedgerDamaged: The tree never had this size, or not this leaf at that size.
        """
        size = self._known(self.size if size is None else size)
        if not 0 <= index < size:
            raise LedgerDamaged(f"there is no entry {index} in a tree of {size} entries")
        path, start, stop = [], 0, size
        while stop - start > 1:
            middle = start + _largest_power_below(stop - start)
            if index < middle:
                path.append(self._root_of(middle, stop))
                stop = middle
            else:
                path.append(self._root_of(start, middle))
                start = middle
        return tuple(reversed(path))

    def consistency_proof(self, old_size: int, new_size: int | None = None) -> tuple[bytes, ...]:
        """The proof that the tree of the new size extends that of the old, RFC 9162 §2.1.4.1.

        Empty where nothing has to be shown: from the empty tree, and between equal sizes.

        Raises:
            LedgerDamaged: The tree never had one of these sizes, or the old one is larger.
        """
        new_size = self._known(self.size if new_size is None else new_size)
        if not 0 <= old_size <= new_size:
            raise LedgerDamaged(f"a tree of {new_size} entries cannot extend one of {old_size}")
        if old_size in (0, new_size):
            return ()
        path, start, stop = [], 0, new_size
        while stop != old_size:
            middle = start + _largest_power_below(stop - start)
            if old_size <= middle:
                path.append(self._root_of(middle, stop))
                stop = middle
            else:
                path.append(self._root_of(start, middle))
                start = middle
        if start > 0:  # otherwise the last subtree is the old root, which the verifier has
            path.append(self._root_of(start, stop))
        return tuple(reversed(path))

    def _known(self, size: int) -> int:
        if not 0 <= size <= self.size:
            raise LedgerDamaged(f"a ledger of {self.size} entries never had the size {size}")
        return size

    def _root_of(self, start: int, stop: int) -> bytes:
        """The root over the leaves start..stop-1, where start begins a subtree of the tree."""
        return _fold(list(self._perfect_subtrees(start, stop)))

    def _perfect_subtrees(self, start: int, stop: int) -> Iterator[bytes]:
        while start < stop:
            height = (stop - start).bit_length() - 1
            yield self._levels[height][start >> height]
            start += 1 << height


def _fold(subtrees: Sequence[bytes]) -> bytes:
    """The root over perfect subtrees, largest first."""
    if not subtrees:
        return EMPTY_ROOT
    root = subtrees[-1]
    for subtree in reversed(subtrees[:-1]):
        root = node_digest(subtree, root)
    return root


def _largest_power_below(count: int) -> int:
    """The largest power of two smaller than count (count > 1)."""
    return int(1 << ((count - 1).bit_length() - 1))


def _checked(digest: bytes) -> bytes:
    if len(digest) != DIGEST_BYTES:
        raise LedgerDamaged(f"a digest in the tree has {len(digest)} bytes instead of 32")
    return digest
