"""A folder watch keeps a file back while the inbox still has something to say of it."""

from pathlib import Path

from remarque.actions.happenings import FileGone, FileWhole, Quiet
from remarque.engines.inbox_first import InboxFirst
from remarque.wiring.clock import SystemClock


class Scripted:
    """A source that tells what it was given, one at a time."""

    name = "a folder"

    def __init__(self, *told):
        self.told = told

    def happenings(self, _stop):
        yield from self.told


class Holding:
    def __init__(self, *paths):
        self.paths = set(paths)

    def holds(self, path):
        return path in self.paths


def whole(name):
    return FileWhole(Path(name), SystemClock().now(), 1, 1)


def test_a_file_the_inbox_tells_of_waits_for_it():
    a, b = whole("/a.png"), whole("/b.png")
    held = Holding(a.path)
    going = InboxFirst(Scripted(a, b, Quiet(caught_up=True), Quiet(caught_up=True)), held)
    told = going.happenings(None)
    assert next(told) is b
    assert next(told) == Quiet()  # it has not caught up while one is kept back
    held.paths.clear()
    assert list(told) == [a, Quiet(caught_up=True)]


def test_a_file_that_is_held_is_told_before_it_is_gone_and_at_the_end():
    a, b = whole("/a.png"), whole("/b.png")
    going = InboxFirst(Scripted(a, FileGone(a.path), b), Holding(a.path, b.path))
    assert list(going.happenings(None)) == [a, FileGone(a.path), b]


def test_a_file_does_not_wait_for_ever():
    a = whole("/a.png")
    going = InboxFirst(Scripted(a, Quiet()), Holding(a.path), longest_s=0.0)
    assert list(going.happenings(None)) == [a, Quiet()]
