"""Recording changes nothing: results bit for bit, types, exceptions, callbacks, generators."""

import inspect
import pickle
import threading

import numpy as np
import pytest

from stand_ins import tiny_pipelines as tiny
from stand_ins.tiny_pipelines import Heard, diffusers, torch

SMALL = {"num_inference_steps": 2, "height": 32, "width": 32}


def seeded(seed=7):
    return torch.Generator("cpu").manual_seed(seed)


@pytest.fixture(scope="module")
def pipe(tmp_path_factory):
    return tiny.stable_diffusion(tmp_path_factory.mktemp("sd"))


@pytest.mark.parametrize("kind", ["stable_diffusion", "sdxl", "sd3", "flux"])
@pytest.mark.parametrize("output_type", ["pil", "np", "pt", "latent"])
def test_every_family_gives_the_same_bits(kind, output_type, tmp_path):
    pipe = getattr(tiny, kind)(tmp_path)
    more = {"max_sequence_length": 16} if kind == "flux" else {}
    call = {**SMALL, **more, "output_type": output_type}

    plain = pipe("a cat", generator=seeded(), **call).images
    with Heard(pipe, latents=True) as heard:
        recorded = pipe("a cat", generator=seeded(), **call).images

    assert type(recorded) is type(plain)
    assert np.array_equal(tiny.numbers(recorded), tiny.numbers(plain))
    assert len(heard.seen()) == (0 if output_type == "latent" else 1)
    assert len(heard.gaps) == (1 if output_type == "latent" else 0)


def test_the_pipeline_is_what_it_was(pipe):
    before = type(pipe), inspect.signature(pipe.__call__), type(pipe).__call__
    with Heard(pipe):
        assert type(pipe) is before[0]
        assert isinstance(pipe, diffusers.StableDiffusionPipeline)
        assert inspect.signature(pipe.__call__) == before[1]
        assert pickle.loads(pickle.dumps(type(pipe))) is type(pipe)
    assert type(pipe).__call__ is before[2]
    assert "__call__" in type(pipe).__dict__
    assert not hasattr(diffusers.DiffusionPipeline.register_modules, "__wrapped__")


def test_a_subclass_without_a_call_of_its_own_is_left_without_one(tmp_path):
    class Mine(diffusers.StableDiffusionPipeline):
        pass

    pipe = tiny.stable_diffusion(tmp_path, Mine)
    with Heard(pipe) as heard:
        pipe("a cat", generator=seeded(), **SMALL)
    assert "__call__" not in Mine.__dict__
    assert len(heard.seen()) == 1


def test_a_subclass_that_calls_its_parent_is_one_run(tmp_path, pipe):
    class Mine(diffusers.StableDiffusionPipeline):
        def __call__(self, *given, **named):
            return super().__call__(*given, **named)

    mine = tiny.stable_diffusion(tmp_path, Mine)
    with Heard(mine) as heard, Heard(pipe):  # the parent's class is wrapped as well
        mine("a cat", generator=seeded(), **SMALL)
    assert len(heard.seen()) == 1


def test_other_pipelines_of_the_class_are_not_recorded(tmp_path, pipe):
    other = tiny.stable_diffusion(tmp_path)
    with Heard(pipe) as heard:
        other("a cat", generator=seeded(), **SMALL)
    assert heard.seen() == []


def test_the_generator_goes_on_as_without_a_recorder(pipe):
    ends = []
    for recorder in (None, Heard(pipe, latents=True)):
        generator = seeded()
        if recorder is None:
            pipe("a cat", generator=generator, **SMALL)
        else:
            with recorder:
                pipe("a cat", generator=generator, **SMALL)
        ends.append(generator.get_state())
    assert torch.equal(*ends)


def test_global_noise_goes_on_as_without_a_recorder(pipe):
    results = []
    for recorder in (None, Heard(pipe, latents=True)):
        torch.manual_seed(3)
        if recorder is None:
            pipe("a cat", **SMALL)
        else:
            with recorder:
                pipe("a cat", **SMALL)
        results.append(torch.rand(3))
    assert torch.equal(*results)


@pytest.mark.parametrize(
    "bad", [{"height": 33}, {"prompt": 5}, {"no_such_argument": 1, "negative_prompt": 4}]
)
def test_what_the_pipeline_raises_comes_through(pipe, bad):
    call = {"prompt": "a cat", **SMALL, **bad}
    with pytest.raises(Exception) as plain:  # noqa: PT011  whatever it is, it is the same
        pipe(**call)
    with Heard(pipe) as heard, pytest.raises(type(plain.value)) as recorded:
        pipe(**call)
    assert str(recorded.value) == str(plain.value)
    assert "gave no picture" in heard.gaps[0][0]
    assert type(plain.value).__name__ in heard.gaps[0][1]


def test_arguments_that_do_not_fit_raise_as_always(pipe):
    with Heard(pipe), pytest.raises(TypeError):
        pipe("a", 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23)


def test_a_stop_from_within_comes_through(pipe):
    def stop(*_):
        raise KeyboardInterrupt

    with Heard(pipe) as heard, pytest.raises(KeyboardInterrupt):
        pipe("a cat", callback_on_step_end=stop, **SMALL)
    assert "KeyboardInterrupt" in heard.gaps[0][1]


@pytest.mark.parametrize("wanted", [None, ["latents"], ["prompt_embeds"]])
def test_the_artists_own_callback_sees_what_it_saw(pipe, wanted):
    def run(*, recorded):
        told = []

        def callback(of, step, timestep, given):
            told.append((of is pipe, step, int(timestep), sorted(given)))
            if "latents" in given:
                given["latents"] = given["latents"] * 0.5
            return given

        more = {} if wanted is None else {"callback_on_step_end_tensor_inputs": wanted}
        call = {**SMALL, **more, "generator": seeded(), "output_type": "np"}
        if not recorded:
            return pipe("a cat", callback_on_step_end=callback, **call).images, told, None
        with Heard(pipe, latents=True) as heard:
            images = pipe("a cat", callback_on_step_end=callback, **call).images
        return images, told, heard

    plain, told_plain, _ = run(recorded=False)
    same, told_same, heard = run(recorded=True)
    assert np.array_equal(plain, same)
    assert told_plain == told_same
    assert len(heard.seen()[0].witness.latents) == 2


def test_callback_objects_keep_their_say(pipe):
    from diffusers.callbacks import SDCFGCutoffCallback

    call = {**SMALL, "num_inference_steps": 3, "output_type": "np"}
    cutoff = {"callback_on_step_end": SDCFGCutoffCallback(None, 1)}
    plain = pipe("a cat", generator=seeded(), **call, **cutoff).images
    with Heard(pipe, latents=True) as heard:
        same = pipe("a cat", generator=seeded(), **call, **cutoff).images
    assert np.array_equal(plain, same)
    assert len(heard.seen()[0].witness.latents) == 3


def test_tuples_stay_tuples(pipe):
    with Heard(pipe) as heard:
        result = pipe("a cat", return_dict=False, generator=seeded(), **SMALL)
    assert type(result) is tuple
    assert len(heard.seen()) == 1


def test_a_recorder_that_breaks_is_not_felt(pipe, monkeypatch):
    from remarque.engines import diffusers_recording

    def broken(*_):
        raise RuntimeError("no luck")

    for name in ("look_at_pipeline", "outputs_in"):
        with monkeypatch.context() as patch, Heard(pipe) as heard:
            patch.setattr(diffusers_recording, name, broken)
            assert pipe("a cat", generator=seeded(), **SMALL).images
        assert "no luck" in heard.gaps[0][1]


def test_an_iterator_among_the_arguments_is_not_used_up(pipe):
    seen = iter([1, 2, 3])
    with Heard(pipe):
        pipe("a cat", cross_attention_kwargs={"mine": seen}, generator=seeded(), **SMALL)
    assert list(seen) == [1, 2, 3]


def test_two_threads_two_pipelines(tmp_path, pipe):
    other = tiny.stable_diffusion(tmp_path)
    results = {}

    def work(name, of):
        results[name] = of(name, generator=seeded(), **SMALL).images[0]

    with Heard(pipe) as one, Heard(other) as two:
        threads = [threading.Thread(target=work, args=pair) for pair in (("a", pipe), ("b", other))]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert [seen.reading.recipe.prompt for seen in one.seen()] == ["a"]
    assert [seen.reading.recipe.prompt for seen in two.seen()] == ["b"]


def test_two_recordings_at_once_end_in_any_order(pipe):
    before = type(pipe).__call__
    one, two = Heard(pipe), Heard(pipe)
    one.__enter__()
    two.__enter__()
    pipe("both", generator=seeded(), **SMALL)
    one.__exit__(None, None, None)
    pipe("second", generator=seeded(), **SMALL)
    two.__exit__(None, None, None)
    assert [seen.reading.recipe.prompt for seen in one.seen()] == ["both"]
    assert [seen.reading.recipe.prompt for seen in two.seen()] == ["both", "second"]
    assert type(pipe).__call__ is before


def test_a_pipeline_made_from_the_parts_is_recorded_too(pipe):
    from PIL import Image

    start = Image.new("RGB", (32, 32), "red")
    with Heard(pipe) as heard:
        by_pipe = diffusers.StableDiffusionImg2ImgPipeline.from_pipe(pipe)
        by_auto = diffusers.AutoPipelineForImage2Image.from_pipe(pipe)
        for other in (by_pipe, by_auto):
            tiny.quiet(other)("b", image=start, generator=seeded(), num_inference_steps=4)
    assert [one.reading.recipe.prompt for one in heard.seen()] == ["b", "b"]
    by_pipe("c", image=start, generator=seeded(), num_inference_steps=4)
    assert len(heard.seen()) == 2


def test_a_call_within_a_call_is_a_run_of_its_own(pipe):
    inner = []

    def callback(of, step, _timestep, given):
        if step == 0 and not inner:
            inner.append(None)
            of("inner", generator=seeded(), **SMALL)
        return given

    with Heard(pipe) as heard:
        pipe("outer", generator=seeded(), callback_on_step_end=callback, **SMALL)
    assert [one.reading.recipe.prompt for one in heard.seen()] == ["inner", "outer"]
