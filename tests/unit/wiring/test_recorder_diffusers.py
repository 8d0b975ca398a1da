"""``with remarque.recording(pipe):`` from the call to the entries of a vault."""

import numpy as np
import pytest

from remarque.actions.works import histories
from remarque.errors import UsageError
from remarque.model.canonical import decode_json
from remarque.model.history import Manner
from remarque.model.witness import Observer
from remarque.wiring.initialising import Founding, make_vault
from remarque.wiring.recorder_diffusers import recording
from remarque.wiring.vaults import open_vault
from stand_ins import tiny_pipelines as tiny
from stand_ins.tiny_pipelines import diffusers, torch

SMALL = {"num_inference_steps": 2, "height": 32, "width": 32}


@pytest.fixture(autouse=True)
def own_folders(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))


@pytest.fixture
def place(tmp_path):
    make_vault(tmp_path / "vault", Founding("Ada", "a passphrase"))
    return tmp_path / "vault"


@pytest.fixture(scope="module")
def pipe(tmp_path_factory):
    return tiny.stable_diffusion(tmp_path_factory.mktemp("sd"))


def seeded(seed=7):
    return torch.Generator("cpu").manual_seed(seed)


def test_takes_with_everything_they_name(pipe, place):
    with recording(pipe, work="Cats", vault=place, latents=True) as recorder:
        for seed in (1, 2):
            pipe("a cat", generator=seeded(seed), **SMALL)
        with pytest.raises(ValueError, match="divisible"):
            pipe("a cat", height=33, width=32)
    assert len(recorder.problems) == 1
    with open_vault(place) as vault:
        [history] = histories(vault)
        takes = [take.body for take in history.takes]
        assert [take.recipe.seed for take in takes] == [1, 2]
        assert {take.manner for take in takes} == {Manner.AS_IT_HAPPENED}
        first = takes[0]
        assert first.generator == "diffusers"
        assert first.witness.observer is Observer.DIFFUSERS
        assert len(first.witness.latents) == 2
        call = decode_json(vault.pictures.read(first.witness.executed))
        assert call["arguments"]["prompt"] == "a cat"
        [gap] = [gap.body for gap in history.gaps]
        assert "ValueError" in gap.because


def test_sources_are_in_the_vault(pipe, place):
    from PIL import Image

    start = Image.fromarray(np.full((32, 32, 3), 90, np.uint8))
    with recording(pipe, work="Cats", vault=place):
        other = tiny.quiet(diffusers.StableDiffusionImg2ImgPipeline.from_pipe(pipe))
        other("a cat", image=start, num_inference_steps=4, generator=seeded())
    with open_vault(place) as vault:
        [history] = histories(vault)
        [source] = history.takes[0].body.recipe.sources
        assert vault.pictures.read(source.digest).startswith(b"\x89PNG")


def test_without_a_vault_the_pictures_come_all_the_same(pipe, tmp_path):
    with recording(pipe, work="Cats", vault=tmp_path / "none") as recorder:
        images = pipe("a cat", generator=seeded(), **SMALL).images
    assert len(images) == 1
    assert "there is no vault" in recorder.problems[0]


def test_several_pipelines_at_once(pipe, place, tmp_path):
    other = tiny.stable_diffusion(tmp_path)
    with recording([pipe, other], work="Cats", vault=str(place)):
        pipe("a cat", generator=seeded(1), **SMALL)
        other("a dog", generator=seeded(2), **SMALL)
    with open_vault(place) as vault:
        [history] = histories(vault)
        assert [take.body.recipe.prompt for take in history.takes] == ["a cat", "a dog"]


def test_what_is_no_pipeline_is_refused(place):
    with pytest.raises(UsageError, match="cannot be recorded"), recording("pipe", vault=place):
        pass


def test_an_error_inside_the_with_comes_through(pipe, place):
    before = type(pipe).__call__
    with pytest.raises(RuntimeError, match="mine"), recording(pipe, vault=place):
        raise RuntimeError("mine")
    assert type(pipe).__call__ is before
