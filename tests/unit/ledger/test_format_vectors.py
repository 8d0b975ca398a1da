"""Published formats never change: the vectors that ship with the program must read as ever."""

import json
from importlib import resources

import pytest

from remarque.ledger.entry import leaf_digest_of, open_entry, seal_entry
from remarque.ledger.keys import secrets_of
from remarque.ledger.sealed_keys import unseal_keys


def vector(name):
    content = resources.files("remarque.ledger").joinpath("vectors", f"{name}.json")
    return json.loads(content.read_text(encoding="utf-8"))


@pytest.mark.parametrize("line", vector("entry_v1")["leaves"], ids=[0, 1])
def test_a_leaf_of_entry_v1_reads_and_is_written_as_ever(line):
    leaf = line["leaf"].encode()
    entry = open_entry(leaf)
    salt = bytes.fromhex(json.loads(leaf)["salt"])
    sealed = seal_entry(entry, salt=salt)
    assert sealed.leaf == leaf
    assert sealed.leaf_digest.hex() == leaf_digest_of(leaf).hex() == line["leaf_digest"]


@pytest.mark.parametrize("secret", ["passphrase", "recovery_code"])
def test_a_key_file_of_keys_v1_opens_as_ever(secret):
    known = vector("keys_v1")
    keys = unseal_keys(known["sealed"].encode(), known[secret])
    assert {name: key.hex() for name, key in secrets_of(keys).items()} == known["secrets"]
    assert keys.ledger_public().hex() == known["ledger_public"]
    assert keys.key_id() == known["key_id"]
    assert keys.verifier_key() == known["verifier_key"]
