"""``remarque init``: make a vault."""

import getpass
import os
import sys
from pathlib import Path
from typing import Annotated

import typer

from remarque.cli.options import JsonOption, VaultOption
from remarque.cli.output import print_json, say, warn
from remarque.errors import PassphraseNeeded, UsageError

SHORTEST_PASSPHRASE = 8

PUBLIC_AUTHORITIES = ("http://timestamp.digicert.com", "https://freetsa.org/tsr")
PROPOSAL = (
    "No timestamp authority is set up, so the record is self-attested for now. Two public ones:\n"
    + "".join(f"  remarque timestamp --add {url}\n" for url in PUBLIC_AUTHORITIES)
    + "A qualified (eIDAS) or a Chinese authority is added the same way, with its URL and\n"
    "--root FILE. Only a digest is ever sent, and none is called without your yes."
)


def init(
    author: Annotated[str, typer.Option("--author", help="Your name, as it is to be read.")],
    vault: VaultOption = None,
    authority: Annotated[
        list[str] | None,
        typer.Option("--authority", metavar="URL", help="A timestamp authority (repeat)."),
    ] = None,
    keyring: Annotated[
        bool, typer.Option("--keyring", help="Keep the passphrase in this system's keyring.")
    ] = False,
    sheet: Annotated[
        Path | None, typer.Option("--sheet", help="Also write the recovery sheet to this file.")
    ] = None,
    json: JsonOption = False,
) -> None:
    """Make a vault: database, picture store, keys. Prints the fingerprint and a recovery sheet."""
    from remarque.actions.placing import place_file, refuse_existing
    from remarque.wiring.initialising import Founding, make_vault

    if sheet is not None:
        refuse_existing(sheet, force=False)
    founding = Founding(
        author=author,
        passphrase=_new_passphrase(),
        authorities=tuple(authority or []),
        keep_in_keyring=keyring,
    )
    made = make_vault(vault, founding)
    if sheet is not None:
        place_file(sheet, made.sheet.encode())
    if json:
        print_json(
            {
                "vault": str(made.place),
                "author": made.author,
                "key": made.key_id,
                "verifier_key": made.verifier_key,
                "recovery_code": made.recovery_code,
                "authorities": list(made.authorities),
            }
        )
        return
    say(f"vault made: {made.place}")
    say(f"key fingerprint: {made.key_id}")
    say()
    say(made.sheet)
    if not made.authorities:
        say(PROPOSAL)


def _new_passphrase() -> str:
    given = os.environ.get("REMARQUE_PASSPHRASE")
    if given is None:
        if not sys.stdin.isatty():
            raise PassphraseNeeded("the new vault's keys need a passphrase")
        given = getpass.getpass("A passphrase for the new vault (8 characters or more): ")
        if getpass.getpass("The same once more: ") != given:
            raise UsageError("the two passphrases differ; nothing was made")
    if len(given) < SHORTEST_PASSPHRASE:
        warn(f"this passphrase is short; {SHORTEST_PASSPHRASE} characters or more resist a thief")
    if not given:
        raise PassphraseNeeded("an empty passphrase would not protect the keys")
    return given
