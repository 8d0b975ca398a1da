"""A fresh vault for every test, copied from one that is made once."""

import shutil

import pytest

from remarque.model.digests import digest_of
from remarque.model.entry import Checkpoint
from remarque.store.vault import create_store, open_store
from stand_ins.backups import CONTENTS, root_of
from stand_ins.store_entries import CARD, SEALED_KEYS, sealed_entry


@pytest.fixture(scope="session")
def _model_vault(tmp_path_factory):
    place = tmp_path_factory.mktemp("model") / "vault"
    create_store(place, card=CARD, sealed_keys=SEALED_KEYS).close()
    return place


@pytest.fixture
def place(tmp_path, _model_vault):
    """The folder of an empty vault, the only thing in its parent folder."""
    return shutil.copytree(_model_vault, tmp_path / "vault")


@pytest.fixture
def store(place):
    with open_store(place) as store:
        digests = [store.pictures.keep_bytes(content) for content in CONTENTS]
        store.ledger.append(
            [sealed_entry(number, pictures=[digest]) for number, digest in enumerate(digests)]
        )
        store.ledger.add_checkpoint(Checkpoint(3, root_of(store), b"note"))
        store.fingerprints.put([(digest_of(CONTENTS[0]), "pdq_v1", b"fingerprint")])
        yield store


@pytest.fixture
def target(tmp_path):
    return tmp_path / "backups" / "mine"


@pytest.fixture
def back(tmp_path):
    return tmp_path / "elsewhere" / "vault"
