"""One writer for many threads: what waits together is committed together.

A durable commit costs a flush of the disk whatever its size, so appends that arrive while one is
under way share the next. Nobody is told "done" before the commit that holds his entries returned.
"""

import queue
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import Future

from remarque.errors import LedgerError, StoreError
from remarque.model.entry import Receipt, SealedEntry

BATCH_ENTRIES = 1000
"""A transaction takes up to this many entries; one longer append is never divided."""

Commit = Callable[[Sequence[SealedEntry]], list[Receipt]]


class _Submission:
    """Entries of one caller, and where he waits for their receipts."""

    def __init__(self, entries: Sequence[SealedEntry]) -> None:
        self.entries = entries
        self.receipts: Future[list[Receipt]] = Future()


class GroupWriter:
    """Gathers the appends of all threads into as few transactions as possible.

    ``commit`` writes entries in one transaction and returns when they are on disk.
    """

    def __init__(self, commit: Commit) -> None:
        self._commit = commit
        self._waiting: queue.SimpleQueue[_Submission | None] = queue.SimpleQueue()
        self._gate = threading.Lock()
        self._thread: threading.Thread | None = None
        self._closed = False

    def append(self, entries: Sequence[SealedEntry]) -> list[Receipt]:
        """Wait until these entries are on disk. They stand next to each other, or not at all.

        Raises:
            StoreError: The writer is closed, or the commit failed; nothing was written then.
        """
        if not entries:
            return []
        submission = _Submission(tuple(entries))
        with self._gate:
            if self._closed:
                raise StoreError("this vault is closed; open it again to write")
            if self._thread is None:
                self._thread = threading.Thread(target=self._run, name="ledger", daemon=True)
                self._thread.start()
            self._waiting.put(submission)
        return submission.receipts.result()

    def close(self) -> None:
        """Write what still waits, then end. Closing twice is fine."""
        with self._gate:
            self._closed = True
            thread, self._thread = self._thread, None
            if thread is not None:
                self._waiting.put(None)
        if thread is not None:
            thread.join()

    def _run(self) -> None:
        going = True
        while going:
            batch, going = self._gather()
            self._write(batch)

    def _gather(self) -> tuple[list[_Submission], bool]:
        """Wait for one submission, then take all that is there already; False at the end."""
        batch: list[_Submission] = []
        count = 0
        while count < BATCH_ENTRIES:
            try:
                submission = self._waiting.get(block=not batch)
            except queue.Empty:
                break
            if submission is None:
                return batch, False
            batch.append(submission)
            count += len(submission.entries)
        return batch, True

    def _write(self, batch: list[_Submission]) -> None:
        if not batch:
            return
        try:
            receipts = self._commit([entry for one in batch for entry in one.entries])
        except LedgerError as error:
            self._write_apart(batch, error)
        except BaseException as error:  # noqa: BLE001  the caller who waits gets it, whatever it is
            for one in batch:
                one.receipts.set_exception(error)
        else:
            _hand_out(batch, receipts)

    def _write_apart(self, batch: list[_Submission], error: LedgerError) -> None:
        """One caller's entries were refused: the others' must not fall with them."""
        if len(batch) == 1:
            batch[0].receipts.set_exception(error)
            return
        for one in batch:
            self._write([one])


def _hand_out(batch: list[_Submission], receipts: list[Receipt]) -> None:
    start = 0
    for one in batch:
        stop = start + len(one.entries)
        one.receipts.set_result(receipts[start:stop])
        start = stop
