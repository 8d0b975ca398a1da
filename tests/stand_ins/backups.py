"""What tests of backups share: a few pictures, and ways to harm or interrupt them."""

import hashlib

from remarque.errors import (
    Cancelled,
)
from remarque.ledger.merkle import Frontier
from remarque.model.digests import hex_of
from remarque.store.backup_list import picture_path, read_list, write_list

CONTENTS = [b"picture %d" % number * 100 for number in range(3)]


def root_of(store):
    frontier = Frontier()
    for leaf_digest in store.ledger.leaf_digests(0, store.ledger.size()):
        frontier.add(leaf_digest)
    return frontier.root()


def state_of(folder):
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file()
    }


def database_in(target):
    (path,) = (target / "records").glob("*/vault.db")
    return path


def spoil(store, digest):
    path = store.place / picture_path(hex_of(digest))
    path.chmod(0o600)
    path.write_bytes(b"bit rot")


def cancel_at(step_number):
    def progress(step):
        if step.done == step_number:
            raise Cancelled("stopped")

    return progress


def rewrite(target, path, content):
    """Put other bytes into a backup and into its list."""
    path.chmod(0o600)
    path.write_bytes(content)
    listed = read_list(target)
    listed[str(path.relative_to(target))] = hashlib.sha256(content).hexdigest()
    write_list(target, listed)
