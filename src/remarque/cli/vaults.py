"""Open the vault a command works on, with a person to ask where there is a terminal."""

import getpass
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from remarque.actions.ports import Vault
from remarque.cli.output import warn
from remarque.model.entry import Stamp, StampState


@contextmanager
def opened(place: Path | None, *, to_write: bool = False) -> Iterator[Vault]:
    """The vault, closed again afterwards; ``to_write`` opens the keys before anything is done.

    Raises:
        VaultMissing, VaultTooNew, WrongPassphrase, PassphraseNeeded: See each.
    """
    from remarque.wiring.vaults import open_vault

    ask = getpass.getpass if sys.stdin.isatty() else None
    with open_vault(place, ask=ask) as vault:
        if to_write:
            vault.keys.unlock()
        yield vault


def close_sitting(vault: Vault, *, stamp: bool) -> None:
    """Checkpoint what was recorded and, where the author set up authorities, stamp it."""
    from remarque.actions.checkpointing import close_sitting as close
    from remarque.actions.checkpointing import make_checkpoint

    if not stamp:
        make_checkpoint(vault)
        return
    warn_of_stamps(close(vault))


def warn_of_stamps(stamps: list[Stamp]) -> None:
    """Say which stamps are still to come or were refused, and why."""
    for stamp in stamps:
        if stamp.state is StampState.PENDING:
            warn(f"timestamp queued: {stamp.problem}. Later: remarque timestamp")
        elif stamp.state is StampState.REFUSED:
            warn(f"timestamp refused: {stamp.problem}")
