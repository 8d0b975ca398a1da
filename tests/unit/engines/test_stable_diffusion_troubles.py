"""What goes wrong: refused in one sentence, or ended cleanly with the engine whole."""

import re
from threading import Event, Thread

import numpy as np
import pytest

from remarque.actions.orders import Listening, Machine, Memory, Speed
from remarque.engines.stable_diffusion.families import Family
from remarque.engines.stable_diffusion.machine import Place, turn_at
from remarque.engines.stable_diffusion.noise import Noise, generator_of
from remarque.engines.stable_diffusion.previews import decoded, preview_of
from remarque.errors import (
    Cancelled,
    LibraryMissing,
    MakingFailed,
    OutOfMemory,
    PictureUnreadable,
    UsageError,
)
from remarque.model.recipe import Pass, Setting, Size
from stand_ins import tiny_pipelines as tiny
from stand_ins.engine_orders import engine_with, make, mask_of, order, pixels, png, scene
from stand_ins.tiny_pipelines import diffusers, torch

pytestmark = pytest.mark.filterwarnings("ignore:__array_:DeprecationWarning")

INIT = ("init", png(scene()))
ALL_BLACK = ("mask", png(mask_of(32, 32, (0, 0, 0, 0))))


@pytest.fixture(scope="module")
def pipe(tmp_path_factory):
    return tiny.stable_diffusion(tmp_path_factory.mktemp("tiny"))


@pytest.fixture
def engine(pipe):
    return engine_with(pipe)


REFUSED = {
    "seed below": ({"seed": -1}, "seed -1"),
    "seed above": ({"seed": 2**63}, "seed 9223372036854775808"),
    "no steps": ({"steps": 0}, "0 steps"),
    "many steps": ({"steps": 100_000}, "100000 steps"),
    "guidance": ({"cfg": float("nan")}, "guidance of nan"),
    "no size": ({"generated_size": Size(0, 64)}, "0 x 64"),
    "negative": ({"generated_size": Size(-8, 64)}, "-8 x 64"),
    "vast": ({"generated_size": Size(4104, 64)}, "4104 x 64"),
    "strength": ({"pictures": [INIT], "denoise": 1.5}, "strength of 1.5"),
    "no step left": ({"pictures": [INIT], "denoise": 0.1}, "none is left"),
    "role": ({"pictures": [("style", INIT[1])]}, "style picture"),
    "twice": ({"pictures": [INIT, ("init", png(scene(40, 40)))]}, "2 init pictures"),
    "mask alone": ({"pictures": [ALL_BLACK]}, "needs the picture"),
    "empty mask": ({"pictures": [INIT, ALL_BLACK]}, "black all over"),
    "margins": ({"pictures": [INIT], "settings": (Setting("outpaint", "1,x"),)}, "no margins"),
    "no margins": ({"pictures": [INIT], "settings": (Setting("outpaint", "0,0,0,0"),)}, "margins"),
    "wide": ({"pictures": [INIT], "settings": (Setting("outpaint", "4090,0,0,0"),)}, "4096"),
    "refiner": ({"passes": (Pass("refiner"),)}, "'refiner'"),
    "passes": ({"passes": (Pass("hires"),) * 5}, "at most 4"),
    "factor": ({"passes": (Pass("hires", upscale=0.1),)}, "0.1 times"),
    "hires size": ({"passes": (Pass("hires", upscale=8.0),) * 3}, "cannot be made"),
    "sampler": ({"sampler": "no such"}, "no such"),
    "control": ({"pictures": [("control", INIT[1])]}, "1 control pictures and 0 models"),
    "long": ({"prompt": "word " * 50_000}, "250,000 characters"),
    "device": ({"machine": Machine("tpu")}, "'tpu' is no device"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_cannot_be_made_is_refused_in_one_sentence(engine, name):
    asked, words = REFUSED[name]
    with pytest.raises(UsageError, match=re.escape(words)) as refused:
        make(engine, order(**asked))
    assert "\n" not in refused.value.message


@pytest.mark.skipif(torch.cuda.is_available(), reason="it would run here")
@pytest.mark.parametrize("device", ["cuda", "cuda:7", "mps"])
def test_a_device_that_is_not_here_is_refused(engine, device):
    with pytest.raises(UsageError, match="this machine has no"):
        make(engine, order(machine=Machine(device)))


def test_a_source_must_be_given_and_be_a_picture(engine):
    asked = order(pictures=[INIT])
    with pytest.raises(UsageError, match="bytes of the init picture"):
        engine.make(type(asked)(asked.recipe, (), machine=asked.machine), Listening())
    with pytest.raises(PictureUnreadable):
        make(engine, order(pictures=[("init", b"no picture")]))


def test_stopping_is_heard_after_every_step_and_the_engine_goes_on(engine):
    stop, done = Event(), []

    def hear(step):
        if step.operation == "making":
            done.append(step.done)
            stop.set()

    with pytest.raises(Cancelled):
        make(engine, order(steps=5), stop=stop, progress=hear)
    assert done == [1]
    assert pixels(make(engine, order())).any()


def test_who_waits_for_a_turn_hears_the_stop(engine):
    stop, raised = Event(), []

    def wait():
        try:
            make(engine, order(), stop=stop)
        except Cancelled as error:
            raised.append(error)

    with turn_at(Place("cpu", Speed.BALANCED, Memory.PLENTY), Event()):
        waiting = Thread(target=wait)
        waiting.start()
        stop.set()
        waiting.join()
    assert raised


def test_undefined_numbers_end_the_run_with_advice(tmp_path):
    pipe = tiny.stable_diffusion(tmp_path)
    with torch.no_grad():
        pipe.unet.conv_out.bias.fill_(float("nan"))
    with pytest.raises(MakingFailed, match="undefined at step 1 of 2") as failed:
        make(engine_with(pipe), order())
    assert "--speed exact" in failed.value.hint


@pytest.mark.parametrize(("number", "words"), [(float("nan"), "undefined"), (-9.0, "black")])
def test_a_decoder_without_a_picture_is_told(tmp_path, number, words):
    pipe = tiny.stable_diffusion(tmp_path)
    with torch.no_grad():
        pipe.vae.decoder.conv_out.weight.zero_()
        pipe.vae.decoder.conv_out.bias.fill_(number)
    with pytest.raises(MakingFailed, match=words):
        make(engine_with(pipe), order())


@pytest.mark.parametrize(
    "raised",
    [
        torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 20.00 GiB"),
        RuntimeError("MPS backend out of memory (MPS allocated: 18.05 GB)"),
        RuntimeError(
            "[enforce fail at alloc_cpu.cpp:121] DefaultCPUAllocator: can't allocate memory"
        ),
        MemoryError(),
    ],
    ids=["cuda", "metal", "processor", "python"],
)
def test_a_full_device_is_freed_and_the_engine_goes_on(engine, pipe, monkeypatch, raised):
    plain = pixels(make(engine, order()))

    def full(*_given, **_named):
        raise raised

    monkeypatch.setattr(pipe.unet, "forward", full)
    with pytest.raises(OutOfMemory, match="memory of cpu") as told:
        make(engine, order())
    assert "--memory tight" in told.value.hint
    assert engine._loader.closed == 1
    monkeypatch.undo()
    assert (pixels(make(engine, order())) == plain).all()


@pytest.mark.parametrize(
    ("raised", "kind"),
    [
        (ValueError("a\nforeign reason"), MakingFailed),
        (KeyError("name"), MakingFailed),
        (ImportError("No module named 'torchsde'"), LibraryMissing),
    ],
)
def test_nothing_foreign_gets_out(engine, pipe, monkeypatch, raised, kind):
    def fail(*_given, **_named):
        raise raised

    monkeypatch.setattr(pipe.unet, "forward", fail)
    with pytest.raises(kind) as told:
        make(engine, order())
    assert "\n" not in told.value.message
    assert told.value.__cause__ is raised


def test_a_family_without_such_a_pipeline_is_told(tmp_path):
    pipe = tiny.sd3(tmp_path)
    engine = engine_with(pipe, object())
    pictures = [INIT, ("control", png(scene()))]
    with pytest.raises(UsageError, match="StableDiffusion3ControlNetImg2ImgPipeline"):
        make(engine, order(pictures=pictures))


def test_a_long_prompt_works_in_bounded_memory(engine):
    made = make(engine, order(prompt="a boat, " * 400, steps=1))
    assert pixels(made).any()


def test_half_precision_needs_the_right_type():
    place = Place("cuda", Speed.BALANCED, Memory.SCARCE)
    assert place.dtype(Family.SDXL) is torch.float16
    assert place.dtype(Family.FLUX) is torch.bfloat16
    assert place.loads_on == "cpu"
    assert Place("cuda", Speed.EXACT, Memory.PLENTY).dtype(Family.FLUX) is torch.float32
    assert Place("cpu", Speed.FAST, Memory.PLENTY).dtype(Family.SD1) is torch.float32


class Drawing:
    """The little of a pipeline that draws noise."""

    def __init__(self, dtype):
        from diffusers.utils.torch_utils import randn_tensor

        self.dtype, self.draw = dtype, randn_tensor
        self.scheduler = type(
            "Scheduler", (), {"step": lambda _, given: self.prepare_latents(given)}
        )()

    def prepare_latents(self, generator):
        return self.draw((4, 16), generator=generator, dtype=self.dtype)


@pytest.mark.parametrize("half", [torch.float16, torch.bfloat16])
def test_noise_is_the_same_in_every_number_type(half):
    full, narrow = Drawing(torch.float32), Drawing(half)
    watched, narrowly = Noise(full, halved=False), Noise(narrow, halved=True)
    for draw in ("prepare_latents", "step"):
        wide, short = (
            getattr(one if draw != "step" else one.scheduler, draw)(generator_of(7))
            for one in (full, narrow)
        )
        assert (wide.to(half) == short).all()
        assert short.dtype is half
    assert (watched.last == narrowly.last).all()
    assert narrowly.last.dtype is torch.float32


def test_large_decoders_show_a_small_preview(pipe, monkeypatch):
    latents = torch.randn(1, 4, 64, 32, generator=generator_of(1))
    assert preview_of(pipe, latents, Size(64, 128)).shape == (128, 64, 3)
    monkeypatch.setattr("remarque.engines.stable_diffusion.previews._SMALL_DECODER", 10)
    assert preview_of(pipe, latents, Size(64, 128)).shape == (64, 32, 3)


def test_a_decoder_that_overflows_in_half_precision_works_in_full(tmp_path):
    pipe = tiny.stable_diffusion(tmp_path)
    latents = torch.randn(1, 4, 8, 8, generator=generator_of(1))
    pipe.vae = diffusers.AutoencoderKL.from_config({**pipe.vae.config, "force_upcast": True})
    full = decoded(pipe, latents)
    pipe.vae.half()
    assert np.allclose(decoded(pipe, latents), full, atol=0.01)
    assert pipe.vae.dtype is torch.float16
