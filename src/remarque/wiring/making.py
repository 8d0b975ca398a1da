"""``remarque.make``: make pictures for a work from Python, each recorded as it comes."""

from collections.abc import Iterator

from remarque.actions.making import TakeMade, make_pictures
from remarque.actions.making_orders import plan
from remarque.actions.making_wishes import MakeWishes
from remarque.actions.orders import Engine, Listening
from remarque.actions.ports import Vault
from remarque.actions.works import open_work
from remarque.wiring.engines import build_engine, fitting_machine


def make(
    vault: Vault,
    work: str,
    wishes: MakeWishes,
    *,
    engine: Engine | None = None,
    listening: Listening | None = None,
) -> Iterator[TakeMade]:
    """Make pictures for a work, which is opened if it is not there; every candidate is a take.

    Nothing is made before the first picture is asked for, and each is on disk when it is given.
    The signed checkpoint comes with the next command, or with ``close_sitting``.

    Args:
        vault: From ``remarque.open_vault``.
        work: The work's title or id.
        wishes: What is to be made.
        engine: Kept open; without one diffusers in this process is used, and closed at the end.
        listening: Progress, previews and a way to stop.

    Raises:
        UsageError: A wish that cannot be followed.
        Cancelled, MakingError, ProgramUnavailable, DiskFull, VaultBusy: See ``make_pictures``;
            what was given before is kept.
    """
    planned = plan(vault, wishes)
    if wishes.machine is None:
        planned = planned.on(fitting_machine())
    used = engine if engine is not None else build_engine(vault.clock)
    try:
        work_id, _ = open_work(vault, work)
        yield from make_pictures(vault, work_id, planned, used, listening)
    finally:
        if engine is None:
            used.close()
