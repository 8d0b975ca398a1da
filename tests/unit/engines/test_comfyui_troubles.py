"""A ComfyUI server that stops, restarts, breaks off or answers something else."""

import pytest

from stand_ins.comfyui_server import ComfyStandIn
from stand_ins.comfyui_watching import PREVIEW, PROMPT, Watching, prompt_with


@pytest.fixture
def server(tmp_path):
    with ComfyStandIn(tmp_path) as running:
        yield running


def test_a_restart_is_told_and_caught_up_with(server):
    with Watching(server.url) as watch:
        watch.until_caught_up()
        server.run(PROMPT)
        watch.until_seen(1)
        server.stop()
        watch.until(lambda w: w.troubles)
        server.restart()
        server.run(prompt_with(seed=2))
        seen = watch.until_seen(2)
    assert watch.troubles[0].lasting
    assert len(watch.troubles) == 1
    assert seen[1].reading.recipe.seed == 2


def test_runs_that_a_restart_swallowed_are_told(server):
    with Watching(server.url) as watch:
        watch.until_caught_up()
        server.remaining = 2
        server._status()
        watch.until(lambda w: w.source._queued == 2)
        server.stop()
        watch.until(lambda w: w.troubles)
        server.restart()
        watch.until(lambda w: len(w.troubles) == 2)
    assert "up to 2 runs" in watch.troubles[1].missing


def test_a_websocket_that_breaks_alone_loses_nothing(server):
    with Watching(server.url) as watch:
        watch.until_caught_up().until(lambda _: server.listeners)
        server.hang_up()
        server.run(PROMPT)
        seen = watch.until_seen(1)
    assert watch.troubles == []
    assert not seen[0].witness.caught_up


def test_without_a_websocket_the_history_is_asked_again_and_again(server):
    server.sockets_refused = True
    with Watching(server.url) as watch:
        watch.until_caught_up()
        server.run(PROMPT)
        assert not watch.until_seen(1)[0].witness.caught_up


def test_a_server_that_is_not_there_yet_is_waited_for(tmp_path):
    server = ComfyStandIn(tmp_path).start()
    server.stop()
    with Watching(server.url) as watch:
        watch.until(lambda w: w.troubles)
        with server:
            watch.until_caught_up()
            server.run(PROMPT)
            watch.until_seen(1)


@pytest.mark.parametrize("fault", ["html", "broken"])
def test_an_answer_that_is_no_picture_is_a_trouble_and_the_watch_goes_on(server, fault):
    with Watching(server.url) as watch:
        watch.until_caught_up()
        server.faults["/view"] = fault
        server.run(PROMPT)
        watch.until(lambda w: w.troubles)
        server.faults.clear()
        server.run(prompt_with(seed=7))
        assert watch.until_seen(1)[0].reading.recipe.seed == 7
    assert "a/Sea_00001_.png" in watch.troubles[0].missing
    assert not watch.troubles[0].lasting


@pytest.mark.parametrize("fault", ["half", "packed", "redirect"])
def test_an_answer_that_breaks_off_is_asked_for_again(server, fault):
    with Watching(server.url) as watch:
        watch.until_caught_up()
        server.faults["/view"] = fault
        server.run(PROMPT)
        watch.until(lambda w: w.troubles)
        server.faults.clear()
        assert len(watch.until_seen(1)) == 1
        assert not watch.seen[0].witness.caught_up


def test_a_picture_that_never_comes_whole_is_given_up(server):
    with Watching(server.url) as watch:
        watch.until_caught_up()
        server.faults["/view"] = "half"
        server.run(PROMPT)
        watch.until(lambda w: any(not trouble.lasting for trouble in w.troubles))
    assert watch.seen == []


@pytest.mark.parametrize("fault", ["html", "error", "half", "huge", "stall", "redirect"])
def test_a_history_that_cannot_be_read_is_a_trouble(server, fault):
    server.faults["/history"] = fault
    with Watching(server.url) as watch:
        watch.until(lambda w: w.troubles)
        server.faults.clear()
        server.run(PROMPT)
        watch.until_seen(1)
    assert watch.troubles[0].lasting
    assert watch.troubles[0].because.endswith(".")


def test_a_preview_deleted_before_it_was_fetched_is_a_trouble(server):
    run = server.run({**prompt_with(), "10": PREVIEW})
    name = server.history[run]["outputs"]["10"]["images"][0]["filename"]
    (server.folder / "temp" / name).unlink()
    with Watching(server.url) as watch:
        watch.until_caught_up()
    assert [trouble.missing for trouble in watch.troubles] == [
        f"The preview {name} was not recorded."
    ]
    assert len(watch.seen) == 1
