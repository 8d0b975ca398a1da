"""Appends that wait together are written together, and fail apart."""

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from remarque.errors import DiskFull, LedgerError
from remarque.model.entry import Receipt
from remarque.store.writer import GroupWriter
from stand_ins.store_entries import sealed_entry


class Log:
    """A slow commit that notes what it was given; ``gate`` holds it back."""

    def __init__(self):
        self.batches = []
        self.inside = 0
        self.gate = threading.Event()
        self.refuse = set()
        self.problem = None

    def commit(self, entries):
        self.inside = len(entries)
        self.gate.wait(10)
        if self.problem:
            raise self.problem
        if self.refuse & {entry.leaf for entry in entries}:
            raise LedgerError("refused")
        start = sum(map(len, self.batches))
        self.batches.append([entry.leaf for entry in entries])
        return [Receipt(start + n, entry.leaf_digest) for n, entry in enumerate(entries)]


@pytest.fixture
def log():
    return Log()


@pytest.fixture
def writer(log):
    writer = GroupWriter(log.commit)
    yield writer
    log.gate.set()
    writer.close()


def append_from_threads(writer, log, entries):
    """Let each entry come from a thread of its own, and open the gate when all wait."""
    with ThreadPoolExecutor(len(entries)) as pool:
        waiting = [pool.submit(writer.append, [entry]) for entry in entries]
        while log.inside + writer._waiting.qsize() < len(entries):
            threading.Event().wait(0.001)
        log.gate.set()
    return waiting


def test_what_waits_together_shares_a_commit(writer, log):
    entries = [sealed_entry(number) for number in range(12)]
    done = append_from_threads(writer, log, entries)
    assert len(log.batches) <= 2
    for entry, one in zip(entries, done, strict=True):
        assert [receipt.leaf_digest for receipt in one.result()] == [entry.leaf_digest]


def test_one_refused_entry_does_not_take_the_others_with_it(writer, log):
    entries = [sealed_entry(number) for number in range(6)]
    log.refuse = {entries[3].leaf}
    done = append_from_threads(writer, log, entries)
    for number, one in enumerate(done):
        if number == 3:
            assert isinstance(one.exception(), LedgerError)
        else:
            assert one.result()[0].leaf_digest == entries[number].leaf_digest


@pytest.mark.parametrize("problem", [DiskFull("no room"), RuntimeError("a fault of ours")])
def test_everybody_who_waits_hears_of_a_failure_and_writing_goes_on(writer, log, problem):
    log.problem = problem
    done = append_from_threads(writer, log, [sealed_entry(number) for number in range(3)])
    assert [one.exception() for one in done] == [problem] * 3
    log.problem = None
    assert writer.append([sealed_entry(9)])[0].index == 0
