"""A ComfyUI server watched from outside, against a stand-in that speaks its interface."""

import copy
import json
from datetime import UTC, datetime
from threading import Event

import pytest

from remarque.actions.happenings import RunSeen
from remarque.engines.comfyui_server import ComfyServer
from remarque.errors import UsageError
from remarque.model.digests import digest_of
from remarque.model.recipe import Setting
from remarque.model.witness import Observer
from stand_ins.comfyui_server import ComfyStandIn, write_picture
from stand_ins.comfyui_watching import PREVIEW, PROMPT, Watching, prompt_with


@pytest.fixture
def server(tmp_path):
    with ComfyStandIn(tmp_path) as running:
        yield running


def test_a_run_of_another_client_is_seen_with_its_true_recipe(server):
    with Watching(server.url) as watch:
        watch.until_caught_up()
        run = server.run(PROMPT, client_id="the artist's browser")
        seen = watch.until_seen(1)[0]
    recipe = seen.reading.recipe
    assert (recipe.seed, recipe.prompt, recipe.steps) == (2**64 - 1, "a lighthouse", 20)
    assert seen.content == (server.folder / "output/a/Sea_00001_.png").read_bytes()
    assert seen.name == "Sea_00001_.png"
    witness = seen.witness
    assert (witness.observer, witness.program) == (Observer.COMFYUI_SERVER, "ComfyUI 0.3.64")
    assert (witness.run, witness.saved, witness.caught_up) == (run, True, False)
    assert witness.started
    assert witness.finished
    assert json.loads(seen.executed)["3"]["inputs"]["seed"] == str(2**64 - 1)
    assert seen.reading.contradictions == ()


def test_the_environment_holds_what_changes_pixels_and_no_path(server):
    with Watching(server.url) as watch:
        watch.until_caught_up()
        server.run(PROMPT)
        environment = watch.until_seen(1)[0].witness.environment
    assert Setting("torch", "2.13.0+cpu") in environment
    assert Setting("device", "cuda:0 Stand-in RTX") in environment
    assert Setting("options", "--cpu --force-fp16") in environment
    assert not [setting for setting in environment if "/" in setting.value]


def test_previews_that_were_not_saved_are_seen(server):
    with Watching(server.url) as watch:
        watch.until_caught_up()
        server.run(prompt_with() | {"10": PREVIEW})
        seen = watch.until_seen(2)
    assert [one.witness.saved for one in seen] == [True, False]
    assert {one.reading.recipe.seed for one in seen} == {2**64 - 1}


def test_pictures_of_a_batch_share_the_seed_and_say_their_place(server):
    with Watching(server.url) as watch:
        watch.until_caught_up()
        server.run(prompt_with(batch_size=3, seed=5))
        seen = watch.until_seen(3)
    assert [one.reading.recipe.seed for one in seen] == [5, 5, 5]
    places = [one.reading.recipe.settings[-1].value for one in seen]
    assert places == ["1 of 3", "2 of 3", "3 of 3"]
    assert all("whole batch" in one.witness.remarks[0] for one in seen)
    assert len({digest_of(one.content) for one in seen}) == 3


def test_each_picture_of_a_run_gets_the_recipe_of_its_own_part(server):
    second = copy.deepcopy(PROMPT["3"])
    second["inputs"] |= {"seed": 99, "latent_image": ["3", 0], "denoise": 0.4}
    prompt = prompt_with(seed=11) | {
        "13": second,
        "18": {"class_type": "VAEDecode", "inputs": {"samples": ["13", 0], "vae": ["4", 2]}},
        "19": {"class_type": "PreviewImage", "inputs": {"images": ["18", 0]}},
    }
    with Watching(server.url) as watch:
        watch.until_caught_up()
        server.run(prompt)
        saved, shown = watch.until_seen(2)
    assert saved.reading.recipe.passes == ()
    assert [step.seed for step in shown.reading.recipe.passes] == [99]


def test_what_ran_before_the_watch_is_caught_up_with_and_said_so(server):
    for seed in range(20):  # more than one page of history
        server.run(prompt_with(seed=seed))
    with Watching(server.url) as watch:
        seen = watch.until_caught_up().until_seen(20)
        server.run(prompt_with(seed=100))
        late = watch.until_seen(21)[-1]
    assert [one.reading.recipe.seed for one in seen] == list(range(20))
    assert all(one.witness.caught_up for one in seen)
    assert not late.witness.caught_up


def test_a_burst_longer_than_a_page_is_seen_whole_and_once(server):
    with Watching(server.url) as watch:
        watch.until_caught_up()
        server.run(prompt_with(seed=0))
        watch.until_seen(1)
        for seed in range(1, 25):
            server.run(prompt_with(seed=seed))
        seen = watch.until_seen(25)
    assert sorted(one.reading.recipe.seed for one in seen) == list(range(25))


def test_a_picture_shown_again_from_the_cache_is_no_new_picture(server):
    with Watching(server.url) as watch:
        watch.until_caught_up()
        server.run(PROMPT)
        watch.until_seen(1)
        server.run(PROMPT)
        server.run(prompt_with(seed=1))
        seen = watch.until_seen(2)
    assert [one.reading.recipe.seed for one in seen] == [2**64 - 1, 1]


def test_a_cached_picture_of_a_run_nobody_saw_is_not_called_witnessed(server):
    server.run(PROMPT)
    server.history.clear()
    with Watching(server.url) as watch:
        watch.until_caught_up()
        server.run(PROMPT)
        seen = watch.until_seen(1)[0]
    assert seen.witness.caught_up
    assert "earlier run" in seen.witness.remarks[0]


@pytest.mark.parametrize(("kind", "word"), [("Fails", "out of memory"), ("Interrupts", "interrup")])
def test_pictures_of_a_run_that_did_not_end_well_are_recorded(server, kind, word):
    with Watching(server.url) as watch:
        watch.until_caught_up()
        server.run(PROMPT | {"99": {"class_type": kind, "inputs": {}}})
        seen = watch.until_seen(1)[0]
        server.run({"1": {"class_type": kind, "inputs": {}}})
        server.run(prompt_with(seed=3))
        watch.until_seen(2)
    assert any(word in remark for remark in seen.witness.remarks)
    assert watch.troubles == []


def test_a_picture_that_went_in_is_kept_with_its_digest(server):
    write_picture(server.folder / "input" / "start.png", 1, 0, {})
    prompt = prompt_with(latent_image=["20", 0]) | {
        "20": {"class_type": "VAEEncode", "inputs": {"pixels": ["21", 0], "vae": ["4", 2]}},
        "21": {"class_type": "LoadImage", "inputs": {"image": "start.png"}},
    }
    with Watching(server.url) as watch:
        watch.until_caught_up()
        server.run(prompt)
        seen = watch.until_seen(1)[0]
    content = (server.folder / "input" / "start.png").read_bytes()
    assert seen.sources == (content,)
    assert seen.reading.recipe.sources[0].digest == digest_of(content)


def test_a_picture_that_went_in_and_is_gone_is_said_to_be_missing(server):
    prompt = prompt_with(latent_image=["20", 0]) | {
        "20": {"class_type": "VAEEncode", "inputs": {"pixels": ["21", 0], "vae": ["4", 2]}},
        "21": {"class_type": "LoadImage", "inputs": {"image": "sub/gone.png [output]"}},
    }
    with Watching(server.url) as watch:
        watch.until_caught_up()
        server.run(prompt)
        seen = watch.until_seen(1)[0]
    assert seen.sources == ()
    assert any("sub/gone.png" in remark for remark in seen.witness.remarks)
    asked = [path for path in server.asked if "gone.png" in path]
    assert "subfolder=sub" in asked[0]
    assert "type=output" in asked[0]


def test_a_name_and_password_in_the_address_are_sent_and_not_shown(server):
    server.required = "Basic bWU6c2VjcmV0"
    with Watching(server.url.replace("//", "//me:secret@")) as watch:
        watch.until_caught_up().until(lambda _: server.listeners)
        server.run(PROMPT)
        watch.until_seen(1)
    assert watch.source.name == server.url


def test_a_wrong_password_is_a_trouble_that_does_not_show_it(server):
    server.required = "Basic bWU6c2VjcmV0"
    with Watching(server.url.replace("//", "//me:wrong@")) as watch:
        watch.until(lambda w: w.troubles)
    assert "401" in watch.troubles[0].because
    assert "wrong" not in watch.troubles[0].because


def test_step_previews_and_strange_messages_do_not_ring(server):
    with Watching(server.url) as watch:
        watch.until_caught_up().until(lambda _: server.listeners)
        before = len(server.asked)
        server.preview_to_everybody()
        for socket in server._sockets.values():
            socket.send("not json")
            socket.send("[" * 100_000)
            socket.send('{"type": "crystools.monitor", "data": {}}')
        Event().wait(1.0)
        assert len(server.asked) == before
        server.run(PROMPT)
        watch.until_seen(1)


def test_the_server_is_never_asked_to_do_anything(server):
    with Watching(server.url) as watch:
        watch.until_caught_up()
        server.run(PROMPT)
        watch.until_seen(1)
    paths = {path.partition("?")[0] for path in server.asked}
    assert paths <= {"/system_stats", "/history", "/view", "/prompt"}


@pytest.mark.parametrize(
    "url",
    ["", "ftp://a", "http://", "http://[", "http://a:99999", "http://u:geheim@a b/", "x" * 9000],
)
def test_an_address_that_is_none_is_one_sentence(url):
    with pytest.raises(UsageError) as refused:
        ComfyServer(url)
    assert "geheim" not in str(refused.value)


def test_a_clock_ahead_does_not_make_pictures_of_the_future(server):
    class Early:
        def now(self):
            return datetime(2020, 1, 1, tzinfo=UTC)

    stop = Event()
    server.run(PROMPT)
    for happening in ComfyServer(server.url, clock=Early()).happenings(stop):
        if isinstance(happening, RunSeen):
            assert happening.seen.came == Early().now()
            stop.set()
