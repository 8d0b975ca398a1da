"""Which engine is built, from where models come, and on what it runs."""

import os

import pytest

from remarque.actions.orders import Machine, Memory, Speed
from remarque.cli import make_options
from remarque.engines.comfyui_engine import ComfyEngine
from remarque.engines.stable_diffusion.engine import DiffusersEngine
from remarque.engines.webui_engine import WebuiEngine
from remarque.errors import PlaceUnusable, UsageError
from remarque.model.prompts import SYNTAXES
from remarque.wiring import engines
from remarque.wiring.clock import SystemClock
from remarque.wiring.engines import (
    EngineKind,
    EngineWishes,
    build_engine,
    fitting_machine,
    model_folders,
)


@pytest.mark.parametrize(
    ("kind", "built"),
    [
        (EngineKind.DIFFUSERS, DiffusersEngine),
        (EngineKind.COMFYUI, ComfyEngine),
        (EngineKind.A1111, WebuiEngine),
    ],
)
def test_the_engine_asked_for_is_built_without_loading_or_connecting(kind, built):
    engine = build_engine(SystemClock(), EngineWishes(kind))
    assert isinstance(engine, built)
    engine.close()


def test_what_makes_no_sense_is_refused(tmp_path):
    with pytest.raises(UsageError, match="no address"):
        build_engine(SystemClock(), EngineWishes(address="http://127.0.0.1:8188"))
    with pytest.raises(PlaceUnusable, match="configuration"):
        build_engine(SystemClock(), EngineWishes(config=tmp_path / "nothing"))
    with pytest.raises(PlaceUnusable, match="models"):
        build_engine(SystemClock(), EngineWishes(folders=(tmp_path / "nothing",)))


def test_folders_named_come_before_those_of_the_variable(tmp_path, monkeypatch):
    named, usual, gone = tmp_path / "named", tmp_path / "usual", tmp_path / "gone"
    named.mkdir()
    usual.mkdir()
    monkeypatch.setenv("REMARQUE_MODELS", os.pathsep.join(map(str, (usual, gone, named))))
    assert model_folders([named]) == (named, usual)
    monkeypatch.delenv("REMARQUE_MODELS")
    assert model_folders() == ()


def test_a_processor_is_exact_and_another_device_balanced_unless_told(monkeypatch):
    assert fitting_machine("cpu") == Machine("cpu", Speed.EXACT)
    assert fitting_machine("cuda").speed is Speed.BALANCED
    assert fitting_machine("cpu", Speed.FAST, Memory.TIGHT) == Machine(
        "cpu", Speed.FAST, Memory.TIGHT
    )
    for there, speed in ((True, Speed.BALANCED), (False, Speed.EXACT)):
        monkeypatch.setattr(engines, "_has_accelerator", lambda there=there: there)
        assert fitting_machine().speed is speed


def test_the_words_of_the_options_are_those_of_the_engine():
    literals = {
        make_options.EngineOption: EngineKind,
        make_options.MemoryOption: Memory,
    }
    for option, words in literals.items():
        assert set(option.__origin__.__args__) == {word.value for word in words}
    speeds = make_options.SpeedOption.__origin__.__args__[0].__args__
    assert set(speeds) == {speed.value for speed in Speed}
    from remarque.cli.make_wish_options import SyntaxOption

    assert set(SyntaxOption.__origin__.__args__[0].__args__) == set(SYNTAXES)
