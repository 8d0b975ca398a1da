"""Where the vault lies and where the passphrase comes from: flag, environment, keyring, person."""

import os
from collections.abc import Callable
from pathlib import Path

import platformdirs

from remarque.errors import PassphraseNeeded
from remarque.store.secrets import find_passphrase

VAULT_VARIABLE = "REMARQUE_VAULT"
PASSPHRASE_VARIABLE = "REMARQUE_PASSPHRASE"  # noqa: S105 - the name of a variable

Ask = Callable[[str], str]
"""Asks a person a question without showing what is typed."""


def vault_place(place: Path | None = None) -> Path:
    """The vault's folder: the one given, else REMARQUE_VAULT, else the platform's data folder."""
    if place is not None:
        return place.expanduser().absolute()
    named = os.environ.get(VAULT_VARIABLE)
    if named:
        return Path(named).expanduser().absolute()
    return Path(platformdirs.user_data_path("remarque", appauthor=False)) / "vault"


def passphrase_of(place: Path, ask: Ask | None = None) -> str:
    """The passphrase of the vault at this place.

    Raises:
        PassphraseNeeded: None is set or stored, and there is nobody to ask.
    """
    given = os.environ.get(PASSPHRASE_VARIABLE)
    if given:
        return given
    stored = find_passphrase(place)
    if stored:
        return stored
    if ask is None:
        raise PassphraseNeeded(f"the keys of the vault {place} need their passphrase")
    return ask(f"Passphrase of the vault {place}: ")
