"""A fresh vault for every test, copied from one that is made once."""

import shutil

import pytest

from remarque.store.vault import create_store
from stand_ins.store_entries import CARD, SEALED_KEYS


@pytest.fixture(scope="session")
def _model_vault(tmp_path_factory):
    place = tmp_path_factory.mktemp("model") / "vault"
    create_store(place, card=CARD, sealed_keys=SEALED_KEYS).close()
    return place


@pytest.fixture
def place(tmp_path, _model_vault):
    """The folder of an empty vault, the only thing in its parent folder."""
    return shutil.copytree(_model_vault, tmp_path / "vault")
