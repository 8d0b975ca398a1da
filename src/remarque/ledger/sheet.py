"""The recovery sheet: one page of plain text, to be printed and kept away from the computer."""

import textwrap

_WIDTH = 72

_SHEET = """\
REMARQUE RECOVERY SHEET
=======================

Author:           {author}
Key fingerprint:  {key_id}
Vault:            {place}

RECOVERY CODE

    {recovery_code}

What this sheet is
------------------
{what}

How to use the code
-------------------
{how}

If you lose it
--------------
{loss}

What "untrusted" means
----------------------
{untrusted}
"""

_WHAT = """\
The keys in your vault sign the record of how your pictures were made. They are encrypted with \
your passphrase, and this code opens them too. Whoever holds this sheet and a \
copy of your vault can sign in your name: print the sheet, keep it where you keep important \
papers, and do not keep a copy on the computer or in a photograph."""

_HOW = """\
When Remarque asks for the passphrase, type the code instead. Upper and lower case, spaces and \
dashes do not matter; I and L count as 1, O as 0. On another computer, restore the vault from a \
backup first: the code opens a vault, it does not replace one."""

_LOSS = """\
Without the passphrase and without this code nobody can open the keys; there is no third way. The \
record that was signed until then stays checkable by everyone, but nothing can be added to it."""

_UNTRUSTED = """\
Programs that show Content Credentials will call yours "untrusted" or "unknown signer". It does \
not mean that something is wrong with your picture. It means that the certificate in it is your \
own: no company was paid to check your name and to vouch for it. What stands behind your work \
instead is the key with the fingerprint above, which signs everything in your record, and the \
timestamps of outside authorities, which show that the record was there at that time. Tell people \
the fingerprint in a place that is known to be yours (your web site, your contracts): then they \
can see that a record is yours, without having to trust anybody else."""


def recovery_sheet(author: str, key_id: str, recovery_code: str, place: str) -> str:
    """The sheet as printable plain text, 72 characters wide where names and places allow.

    Args:
        author: The author's name.
        key_id: The fingerprint of the ledger key.
        recovery_code: The code, which is on this sheet and nowhere else.
        place: Where the vault lies, in words or as a path.
    """
    return _SHEET.format(
        author=author,
        key_id=key_id,
        place=place,
        recovery_code=recovery_code,
        what=_filled(_WHAT),
        how=_filled(_HOW),
        loss=_filled(_LOSS),
        untrusted=_filled(_UNTRUSTED),
    )


def _filled(text: str) -> str:
    return textwrap.fill(text, _WIDTH)
