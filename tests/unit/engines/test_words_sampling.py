"""Every row of the table of samplers runs on the miniature, and nothing is set in silence."""

from importlib.util import find_spec
from types import SimpleNamespace

import pytest

from remarque.engines.stable_diffusion.sampling import own_sampler, set_sampler, without_left_out
from remarque.engines.stable_diffusion.shelf import MINIATURE
from remarque.errors import LibraryMissing, UsageError
from remarque.model.samplers import SAMPLERS, SCHEDULES, Alike, find_sampler
from stand_ins import tiny_pipelines as tiny
from stand_ins.tiny_pipelines import diffusers, torch

# Schedulers call numpy in a way that numpy 2 will take away: theirs to mend, not ours.
pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning")
STEPS = 4
RUNNING = [row for row in SAMPLERS if row.alike is not Alike.NONE]
LACKING = [row for row in (*SAMPLERS, *SCHEDULES) if row.alike is Alike.NONE]
SPREADING = [row for row in SCHEDULES if row.alike is not Alike.NONE]


@pytest.fixture(scope="module")
def miniature():
    pipe = diffusers.StableDiffusionPipeline.from_pretrained(MINIATURE, dtype=torch.float32)
    pipe.set_progress_bar_config(disable=True)
    return pipe


@pytest.fixture(scope="module")
def words(miniature):
    with torch.no_grad():
        return miniature.encode_prompt("a red mountain", "cpu", 1, False)[0]


def run(pipe, words):
    """A few steps without guidance on a small picture: the sampler is what is tried."""
    return pipe(
        prompt_embeds=words,
        num_inference_steps=STEPS,
        guidance_scale=1.0,
        height=64,
        width=64,
        generator=torch.Generator().manual_seed(1),
        output_type="latent",
    ).images


@pytest.mark.parametrize("row", RUNNING, ids=lambda row: row.name)
def test_every_sampler_runs(miniature, words, row):
    if not all(find_spec(library) for library in row.needs):
        with pytest.raises(LibraryMissing, match=row.needs[-1]):
            set_sampler(miniature, row.name, None)
        return
    own = miniature.scheduler.config
    said = set_sampler(miniature, row.name, None)
    assert type(miniature.scheduler).__name__ == row.diffusers
    assert torch.isfinite(run(miniature, words)).all()
    assert miniature.scheduler.config.prediction_type == own.prediction_type
    assert miniature.scheduler.config.beta_end == own.beta_end
    assert bool(said) == (row.alike is Alike.NAMED)


@pytest.mark.parametrize("row", SPREADING, ids=lambda row: row.name)
def test_every_schedule_runs(miniature, words, row):
    set_sampler(miniature, "DPM++ 2M", row.name)
    config = miniature.scheduler.config
    assert all(config[name] == value for name, value in row.options.items())
    assert torch.isfinite(run(miniature, words)).all()


@pytest.mark.parametrize("row", LACKING, ids=lambda row: row.name)
def test_what_has_no_counterpart_is_refused(miniature, row):
    name, schedule = (row.name, None) if row in SAMPLERS else ("Euler", row.name)
    with pytest.raises(UsageError, match="no counterpart"):
        set_sampler(miniature, name, schedule)


def test_the_last_sampler_leaves_no_trace(miniature, words):
    set_sampler(miniature, None, None)
    own = (type(miniature.scheduler), dict(miniature.scheduler.config))
    before = run(miniature, words)
    for name, schedule in (("UniPC", "Karras"), ("DPM++ 2M SDE Heun", "DDIM"), ("PLMS", None)):
        set_sampler(miniature, name, schedule)
    set_sampler(miniature, None, None)
    assert (type(miniature.scheduler), dict(miniature.scheduler.config)) == own
    assert torch.equal(run(miniature, words), before)


def test_the_class_of_the_model_itself_changes_nothing(miniature):
    set_sampler(miniature, None, None)
    own = dict(miniature.scheduler.config)
    set_sampler(miniature, type(miniature.scheduler).__name__, None)
    assert dict(miniature.scheduler.config) == own
    set_sampler(miniature, type(miniature.scheduler).__name__, "karras")
    assert miniature.scheduler.config.use_karras_sigmas


def bare(scheduler):
    """A pipeline as far as samplers see one."""
    return SimpleNamespace(scheduler=scheduler)


@pytest.mark.parametrize("schedule", [None, "karras"])
@pytest.mark.parametrize("row", RUNNING, ids=lambda row: row.name)
def test_the_models_own_sampler_has_the_name_that_gives_the_very_same(miniature, row, schedule):
    if not all(find_spec(library) for library in row.needs):
        pytest.skip("a library is not installed")
    set_sampler(miniature, row.name, schedule)
    pipe = bare(type(miniature.scheduler).from_config(miniature.scheduler.config))
    before = (type(pipe.scheduler), dict(pipe.scheduler.config))
    name, named = own_sampler(pipe)
    assert find_sampler(name).sampler.diffusers == row.diffusers
    assert not name.endswith("Scheduler")
    set_sampler(pipe, name, named)
    assert (type(pipe.scheduler), dict(pipe.scheduler.config)) == before


def test_an_own_sampler_with_options_of_no_row_is_its_class(miniature):
    other = diffusers.UniPCMultistepScheduler.from_config(
        miniature.scheduler.config, solver_order=3, use_karras_sigmas=True
    )
    assert own_sampler(bare(other)) == ("UniPCMultistepScheduler", "karras")


def test_a_sampler_named_alone_ends_the_schedule(miniature):
    set_sampler(miniature, "Euler Karras", None)
    assert miniature.scheduler.config.use_karras_sigmas
    set_sampler(miniature, "Euler", None)
    assert not miniature.scheduler.config.use_karras_sigmas


def test_a_schedule_that_a_class_does_not_take_is_said(miniature):
    said = set_sampler(miniature, "Euler a", "Karras")
    assert any("“Karras” was left out" in sentence for sentence in said)


@pytest.mark.parametrize(
    ("name", "schedule", "near"), [("Eulr", None, "Euler"), ("Euler", "karas", "Karras")]
)
def test_unknown_names_are_refused_with_near_ones(miniature, name, schedule, near):
    with pytest.raises(UsageError) as refused:
        set_sampler(miniature, name, schedule)
    assert near in refused.value.hint


def test_an_unknown_name_is_not_repeated_at_length(miniature):
    with pytest.raises(UsageError) as refused:
        set_sampler(miniature, "x" * 100_000, None)
    assert len(refused.value.message) < 200


@pytest.mark.parametrize("family", ["sd3", "flux"])
def test_flow_matching_keeps_its_scheduler_and_says_so(tmp_path, family):
    pipe = getattr(tiny, family)(tmp_path)
    assert own_sampler(pipe) == ("Euler", None)
    assert set_sampler(pipe, "Euler", None) == ()
    assert set_sampler(pipe, "FlowMatchEulerDiscreteScheduler", None) == ()
    runs, said = without_left_out(pipe, "DPM++ SDE Karras", None)
    assert runs == ("Euler", "Karras")
    assert "keeps Euler" in said[0]
    assert without_left_out(pipe, "Euler", "Karras") == (("Euler", "Karras"), ())
    said = set_sampler(pipe, "DPM++ SDE", "Karras")
    assert any("matches flows" in sentence for sentence in said)
    assert type(pipe.scheduler).__name__ == "FlowMatchEulerDiscreteScheduler"
    assert pipe.scheduler.config.use_karras_sigmas
    set_sampler(pipe, "Euler", None)
    assert not pipe.scheduler.config.use_karras_sigmas
