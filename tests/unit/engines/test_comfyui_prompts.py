"""Executed prompts and run accounts of ComfyUI: real ones, and ones bent out of shape."""

import contextlib
import json
from datetime import UTC, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from remarque.actions.witnessing import record_seen
from remarque.actions.works import open_work
from remarque.engines.comfyui_address import address_of
from remarque.engines.comfyui_environment import environment_of, pixel_options, program_of
from remarque.engines.comfyui_history import Outcome, Run, Shown, run_from_history
from remarque.engines.comfyui_prompts import (
    Place,
    contradiction_with_file,
    executed_bytes,
    part_behind,
    reading_of,
    with_values,
)
from remarque.engines.comfyui_runs import Beside, Surroundings, seen_of
from remarque.errors import UsageError
from remarque.intake.chunks import read_chunks
from remarque.intake.reading import read_picture
from remarque.model.history import Manner
from remarque.model.witness import Observer
from stand_ins.comfyui_server import write_picture
from stand_ins.memory_vault import build_memory_vault
from stand_ins.samples import samples_under

ANY_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: (
        st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4)
    ),
    max_leaves=12,
)
KEYS = st.sampled_from(["outputs", "prompt", "status", "meta", "images", "9", "messages"])
BENT = st.recursive(
    ANY_JSON, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(KEYS, inner, max_size=5)
)


def executed_prompts():
    """Prompts that real pictures carry."""
    for path in samples_under("generators", "*.png"):
        content = path.read_bytes()
        for chunk in read_chunks(content):
            if chunk.key == "prompt" and (chunk.text or "").startswith("{"):
                try:
                    yield path.name, content, json.loads(chunk.text)
                except ValueError:
                    continue


def test_a_real_prompt_read_from_its_save_node_says_what_the_file_says():
    compared = 0
    for name, content, prompt in executed_prompts():
        ends = [key for key, node in prompt.items() if node.get("class_type") == "SaveImage"]
        if len(ends) != 1:
            continue
        here = reading_of(prompt, Place(ends[0], 1, 1))
        there = read_picture(content)
        if not there.contradictions:
            assert (here.recipe.seed, here.recipe.prompt) == (
                there.recipe.seed, there.recipe.prompt,
            ), name  # fmt: skip
            compared += 1
    if not compared:
        pytest.skip("no shared samples beside this checkout")


def test_a_real_file_does_not_contradict_its_own_prompt():
    for name, content, prompt in executed_prompts():
        assert contradiction_with_file(prompt, content) is None, name


def test_another_prompt_in_the_file_is_told_with_its_node(tmp_path):
    write_picture(tmp_path / "a.png", 1, 0, {"prompt": {"3": {"inputs": {"seed": 5}}}})
    said = contradiction_with_file(
        {"3": {"inputs": {"seed": 6}}}, (tmp_path / "a.png").read_bytes()
    )
    assert "node 3" in said


def test_only_the_nodes_behind_a_picture_count():
    prompt = {
        "1": {"class_type": "A", "inputs": {}},
        "2": {"class_type": "B", "inputs": {"x": ["1", 0]}},
        "3": {"class_type": "SaveImage", "inputs": {"images": ["2", 0]}},
        "4": {"class_type": "Other", "inputs": {"x": ["1", 0]}},
    }
    assert list(part_behind(prompt, "3")) == ["1", "2", "3"]
    assert part_behind(prompt, "99") == {}


def test_a_cycle_ends():
    prompt = {"1": {"class_type": "A", "inputs": {"x": ["1", 0], "y": ["2", 0]}},
              "2": {"class_type": "B", "inputs": {"x": ["1", 0]}}}  # fmt: skip
    assert list(part_behind(prompt, "1")) == ["1", "2"]


def test_values_fill_links_and_nothing_that_was_typed():
    prompt = {"3": {"class_type": "KSampler", "inputs": {"seed": ["2", 0], "steps": 20}}}
    filled, told = with_values(prompt, {("3", "seed"): 7, ("3", "steps"): 99, ("8", "x"): 1})
    assert filled["3"]["inputs"] == {"seed": 7, "steps": 20}
    assert [(setting.name, setting.value) for setting in told] == [
        ("computed at run time: 3.seed", "7")
    ]
    assert prompt["3"]["inputs"]["seed"] == ["2", 0]


def test_seeds_of_64_bits_survive_as_text():
    assert executed_bytes({"3": {"inputs": {"seed": 2**64 - 1}}}) == (
        b'{"3":{"inputs":{"seed":"18446744073709551615"}}}'
    )
    assert executed_bytes({"3": {"inputs": {"cfg": float("nan")}}}) is None


def test_files_that_are_no_pictures_are_left_aside():
    output = {"gifs": [{"filename": "a.mp4", "subfolder": "", "type": "output"},
                       {"filename": "b.webp", "subfolder": "", "type": "output"}],
              "images": [{"filename": "c.png", "subfolder": "", "type": "input"}],
              "text": ["a caption"]}  # fmt: skip
    item = {"prompt": [0, "r", {"9": {}}], "outputs": {"9": output}, "status": None}
    run = run_from_history("r", item)
    assert [shown.filename for shown in run.pictures] == ["b.webp"]
    assert run.outcome is Outcome.UNKNOWN


def test_a_node_that_an_expanded_node_stands_for_is_named():
    files = {"images": [{"filename": "c.png", "subfolder": "", "type": "temp"}]}
    item = {"prompt": [0, "r", {"5": {}}], "outputs": {"5.0.0.1": files},
            "meta": {"5.0.0.1": {"real_node_id": "5"}}}  # fmt: skip
    assert run_from_history("r", item).pictures[0].place == Place("5", 1, 1)


@given(BENT)
@settings(max_examples=150, deadline=None)
def test_no_account_of_a_run_makes_the_reader_fail(item):
    run = run_from_history("r", item)
    assert run is None or isinstance(run, Run)


@given(st.dictionaries(st.text(max_size=6), BENT, max_size=5))
@settings(max_examples=150, deadline=None)
def test_no_prompt_makes_the_reader_fail(prompt):
    for node in [*prompt, "9"]:
        reading_of(prompt, Place(node, 1, 2))
    executed_bytes(prompt)


@given(BENT)
@settings(max_examples=100, deadline=None)
def test_no_statistics_make_the_reader_fail(stats):
    assert program_of(stats).startswith("ComfyUI")
    environment_of(stats)
    pixel_options(stats)


@given(st.text(max_size=60))
@settings(max_examples=200, deadline=None)
def test_no_address_fails_with_anything_but_a_sentence(text):
    for url in (text, f"http://{text}"):
        with contextlib.suppress(UsageError):
            assert address_of(url).web.startswith("http")


def test_what_was_seen_is_recorded_as_it_happened(tmp_path):
    prompt = {"9": {"class_type": "SaveImage", "inputs": {"images": ["8", 0]}}}
    write_picture(tmp_path / "a.png", 3, 0, {"prompt": prompt})
    shown = Shown(Place("9", 1, 1), "a.png", "", "output")
    moment = datetime(2026, 11, 23, 12, tzinfo=UTC)
    run = Run("run-9", prompt, (shown,), moment, moment, Outcome.DONE)
    around = Surroundings(Observer.COMFYUI_SERVER, "ComfyUI 0.3.64")
    file = ((tmp_path / "a.png").read_bytes(), moment)
    seen = seen_of(run, shown, file, around, Beside(load=lambda _name: None))
    vault = build_memory_vault(tmp_path / "vault")
    work, _ = open_work(vault, "Sea")
    done = record_seen(vault, work, seen)
    assert done.new
    assert done.take.manner is Manner.AS_IT_HAPPENED
    assert vault.pictures.read(done.take.witness.executed) == executed_bytes(prompt)
