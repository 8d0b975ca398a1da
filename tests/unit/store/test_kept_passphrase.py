"""The passphrase in the keyring of the operating system, or none."""

import sys

import keyring
import pytest
from keyring.backends.fail import Keyring as NoKeyring

from remarque.store.secrets import find_passphrase, keep_passphrase


class DictionaryKeyring(keyring.backend.KeyringBackend):
    priority = 1

    def __init__(self):
        super().__init__()
        self.kept = {}

    def get_password(self, service, username):
        return self.kept.get((service, username))

    def set_password(self, service, username, password):
        self.kept[service, username] = password


class LockedKeyring(DictionaryKeyring):
    class Locked(Exception):
        """Raised as by a system library, outside the package's own tree."""

    def get_password(self, service, username):
        raise self.Locked

    def set_password(self, service, username, password):
        raise self.Locked


@pytest.fixture
def use(monkeypatch):
    before = keyring.get_keyring()
    yield keyring.set_keyring
    keyring.set_keyring(before)


def test_a_kept_passphrase_is_found_for_its_vault_alone(use, tmp_path):
    use(DictionaryKeyring())
    assert find_passphrase(tmp_path) is None
    assert keep_passphrase(tmp_path, "correct horse")
    assert find_passphrase(tmp_path / "." / "x" / "..") == "correct horse"
    assert find_passphrase(tmp_path / "other") is None


@pytest.mark.parametrize("backend", [NoKeyring, LockedKeyring])
def test_without_a_usable_keyring_there_is_none(use, tmp_path, backend):
    use(backend())
    assert not keep_passphrase(tmp_path, "correct horse")
    assert find_passphrase(tmp_path) is None


def test_without_the_package_there_is_none(monkeypatch, tmp_path):
    monkeypatch.setitem(sys.modules, "keyring", None)
    assert not keep_passphrase(tmp_path, "correct horse")
    assert find_passphrase(tmp_path) is None
