"""The inbox as a source beside others, and the work that a program's own settings name."""

from collections.abc import Sequence

from remarque.actions import grouping
from remarque.actions.happenings import PictureSource
from remarque.actions.ports import Vault
from remarque.actions.witnessing import Seen
from remarque.actions.works import open_work
from remarque.engines.inbox import Inbox
from remarque.engines.inbox_first import InboxFirst
from remarque.engines.inbox_seen import NAMED_WORK
from remarque.engines.inbox_writing import inbox_place
from remarque.errors import UsageError
from remarque.model.digests import Digest
from remarque.model.entry import TAKES
from remarque.model.history import Take, body_of


def inbox_of(vault: Vault) -> Inbox:
    """The inbox in its usual place (or REMARQUE_INBOX), read for this vault."""

    def takes_of(picture: Digest) -> list[Take]:
        named = vault.ledger.entries_naming(picture)
        bodies = [body_of(stored) for stored in named if stored.entry.kind in TAKES]
        return [one for one in bodies if isinstance(one, Take) and one.picture.digest == picture]

    return Inbox(inbox_place(), vault.clock, takes_of)


def with_inbox(vault: Vault, sources: Sequence[PictureSource]) -> list[PictureSource]:
    """The inbox and the sources, which keep a file back while the inbox still tells of it."""
    inbox = inbox_of(vault)
    return [inbox, *(InboxFirst(source, inbox) for source in sources)]


def choose_work(vault: Vault, seen: Seen) -> str:
    """The work that the program which handed a picture over names, else as lineage has it.

    Raises:
        PictureUnreadable, PictureTooLarge, DiskFull, VaultBusy: See ``grouping.choose_work``.
    """
    named = (one.value for one in seen.witness.environment if one.name == NAMED_WORK)
    for name in named:
        try:
            return open_work(vault, name)[0]
        except UsageError:  # a name that no work can have
            break
    return grouping.choose_work(vault, seen)
