"""Run the published test vectors on this installation (``remarque selftest``).

The vectors ship in the package, in the folder ``vectors`` of their room, and never change for a
version that was published.
"""

from collections.abc import Callable, Iterator
from importlib.resources import files

import numpy as np
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from remarque.fingerprints.pdq import pdq
from remarque.ledger.checkpoint import sign_checkpoint
from remarque.ledger.entry import leaf_digest_of, open_entry, seal_entry
from remarque.ledger.merkle import Tree
from remarque.ledger.note import key_id
from remarque.ledger.sealed_keys import unseal_keys
from remarque.model.canonical import Json, decode_json
from remarque.model.reports import Check, Outcome, Report
from remarque.pictures.scaling import Pixels
from remarque.verifying.merkle import consistency_holds, inclusion_holds
from remarque.verifying.notes import parse_tlog_proof, parse_verifier_key

Pair = tuple[object, object]
"""What came out, and what the vector says."""

Compare = Callable[[Json], Iterator[Pair]]


def run_selftest() -> Report:
    """Every vector of the package, one row each."""
    return Report(
        "test vectors of this installation",
        (
            _row("ledger", "entry_v1", _entries, "RFC 8785, RFC 9162 §2.1.1"),
            _row("ledger", "keys_v1", _keys, "RFC 7914, SP 800-38D"),
            _row("ledger", "checkpoint", _checkpoints, "RFC 9162 §2.1, C2SP signed notes"),
            _row("fingerprints", "pdq_v1", _fingerprints, "PDQ (ThreatExchange), as pdq_v1"),
        ),
    )


def _row(room: str, name: str, compare: Compare, source: str) -> Check:
    vectors = files("remarque").joinpath(room, "vectors", f"{name}.json")
    pairs = list(compare(decode_json(vectors.read_bytes())))
    wrong = sum(got != wanted for got, wanted in pairs)
    outcome = Outcome.FAILS if wrong or not pairs else Outcome.HOLDS
    sentence = f"{len(pairs) - wrong} of {len(pairs)} comparisons agree"
    return Check(name, outcome, f"{room}/vectors/{name}.json", sentence, source=source)


def _entries(vectors: Json) -> Iterator[Pair]:
    for vector in vectors["leaves"]:
        leaf = vector["leaf"].encode()
        salt = bytes.fromhex(decode_json(leaf)["salt"])
        sealed = seal_entry(open_entry(leaf), salt=salt)
        yield sealed.leaf, leaf
        yield sealed.leaf_digest.hex(), vector["leaf_digest"]


def _keys(vector: Json) -> Iterator[Pair]:
    for secret in (vector["passphrase"], vector["recovery_code"]):
        keys = unseal_keys(vector["sealed"].encode(), secret)
        yield keys.ledger_public().hex(), vector["ledger_public"]
        yield keys.verifier_key(), vector["verifier_key"]


def _checkpoints(vectors: Json) -> Iterator[Pair]:
    key = parse_verifier_key(vectors["verifier_key"])
    yield key_id(key.public_key), vectors["key_id"]
    sign = Ed25519PrivateKey.from_private_bytes(bytes.fromhex(vectors["seed"])).sign
    digests = [leaf_digest_of(leaf.encode()) for leaf in vectors["leaves"]]
    tree = Tree(digests)
    for vector in vectors["checkpoints"]:
        size, root = vector["size"], tree.root(vector["size"])
        note = sign_checkpoint(key.origin, size, root, sign, key.public_key)
        yield root.hex(), vector["root"]
        yield note.decode(), vector["note"]
        for text in vector["proofs"]:
            proof = parse_tlog_proof(text.encode())
            leaf = digests[proof.index]
            yield inclusion_holds(proof.index, size, leaf, proof.hashes, root), True
            if size > 1:  # the root of one leaf is its leaf digest
                yield inclusion_holds(proof.index, size, root, proof.hashes, leaf), False
        for old in vector["consistency"]:
            hashes = [bytes.fromhex(digest) for digest in old["hashes"]]
            before = tree.root(old["old"])
            yield consistency_holds(old["old"], size, hashes, before, root), True


def _fingerprints(vectors: Json) -> Iterator[Pair]:
    for vector in vectors:
        made = pdq(_drawn(vector["picture"]))
        yield (made.bits.hex(), made.quality), (vector["bits"], vector["quality"])


def _drawn(name: str) -> Pixels:
    """The three test pictures, 640 x 512, drawn from a formula."""
    y, x = np.mgrid[0:512, 0:640]
    grey = {
        "rings": 127 + 127 * np.sin(np.hypot(x - 200, y - 300) / 17),
        "ramp": (x + 2 * y) % 256,
        "checks": ((x // 40 + y // 64) % 2) * 255,
    }[name]
    return np.repeat(grey.astype(np.uint8)[..., None], 3, axis=2)
