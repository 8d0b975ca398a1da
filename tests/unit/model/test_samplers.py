"""Names of samplers and schedules: every spelling leads to its row, nothing else does."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from remarque.model.samplers import (
    SAMPLERS,
    SCHEDULES,
    Alike,
    find_sampler,
    find_schedule,
    near_names,
)

PAGE = Path(__file__).parents[3] / "docs" / "reference" / "samplers.md"


@pytest.mark.parametrize("row", SAMPLERS, ids=lambda row: row.name)
def test_every_spelling_of_a_sampler_finds_it(row):
    spellings = [row.name, row.comfyui, row.invokeai, *row.also, row.name.lower()]
    for spelling in filter(None, spellings):
        found = find_sampler(spelling)
        assert found.sampler is row, spelling
        assert found.schedule is None
        assert not found.by_class


@pytest.mark.parametrize("schedule", SCHEDULES, ids=lambda row: row.name)
def test_a_fused_name_is_taken_apart(schedule):
    for row in SAMPLERS:
        found = find_sampler(f"{row.name} {schedule.name}")
        assert (found.sampler, found.schedule) == (row, schedule)


def test_no_spelling_is_in_two_rows():
    for rows in (SAMPLERS, SCHEDULES):
        names = [name for row in rows for name in {row.name, row.comfyui, *row.also} if name]
        assert len(names) == len(set(names))


@pytest.mark.parametrize(
    ("written", "sampler", "schedule"),
    [
        ("DPM++ 2M Karras", "DPM++ 2M", "Karras"),
        ("dpmpp_2m_sde_gpu", "DPM++ 2M SDE", None),
        ("k_dpmpp_2m", "DPM++ 2M", None),
        ("k_euler_ancestral", "Euler a", None),
        ("k_dpmpp_2s_ancestral", "DPM++ 2S a", None),
        ("k_dpm_2_a", "DPM2 a", None),
        ("dpmpp_2m_k", "DPM++ 2M", "Karras"),
        ("kdpm_2_a_k", "DPM2 a", "Karras"),
        ("k_dpmpp_2m_ka", "DPM++ 2M", "Karras"),
        ("euler_a", "Euler a", None),
        ("Euler A Trailing", "Euler a", "SGM Uniform"),
        ("uni_pc", "UniPC", None),
        ("ddim_v3", "DDIM", None),
        ("plms", "PLMS", None),
        ("LMS Karras", "LMS", "Karras"),
        ("DPM++ 2M AYS", "DPM++ 2M", "Align Your Steps"),
    ],
)
def test_spellings_of_programs(written, sampler, schedule):
    found = find_sampler(written)
    assert found.sampler.name == sampler
    assert (found.schedule.name if found.schedule else None) == schedule


def test_a_schedule_told_apart_wins_over_a_fused_one():
    assert find_sampler("DPM++ 2M Karras", "sgm_uniform").schedule.name == "SGM Uniform"
    assert find_sampler("DPM++ 2M", "bong_tangent") is None


def test_automatic_is_the_schedule_of_the_sampler():
    assert find_sampler("DPM++ 2M", "Automatic").schedule.name == "Karras"
    assert find_sampler("DPM++ 2M SDE", "automatic").schedule.name == "Exponential"
    assert find_sampler("Euler", "Automatic").schedule is None


def test_a_diffusers_class_tells_no_options():
    found = find_sampler("DPMSolverMultistepScheduler", "karras")
    assert found.by_class
    assert found.options == {"use_karras_sigmas": True}
    assert find_sampler("EDMEulerScheduler") is None


def test_options_and_needs_of_both_are_joined():
    found = find_sampler("LMS", "beta")
    assert found.options == {"use_beta_sigmas": True}
    assert found.needs == ("scipy",)


def test_near_names_help_with_a_slip():
    assert near_names("Eulr a", SAMPLERS)[0] == "Euler a"
    assert near_names("karas", SCHEDULES)[0] == "Karras"
    assert near_names("xyz" * 1000, SAMPLERS) == ()


def test_only_samplers_without_noise_are_called_the_same():
    same = {row.name for row in SAMPLERS if row.alike is Alike.SAME}
    assert not any("SDE" in name or name.endswith(" a") for name in same)
    assert all(row.note for row in (*SAMPLERS, *SCHEDULES) if row.alike is Alike.NAMED)


def test_what_has_no_counterpart_has_no_class():
    assert all((row.alike is Alike.NONE) == (not row.diffusers) for row in SAMPLERS)
    assert all((row.alike is Alike.NONE) == (not row.options) for row in SCHEDULES)


@given(st.text(max_size=200), st.none() | st.text(max_size=200))
def test_any_text_is_a_name_or_not(name, schedule):
    find_sampler(name, schedule)
    find_schedule(name)
    near_names(name, SAMPLERS)


def test_the_page_has_every_row():
    page = PAGE.read_text(encoding="utf-8")
    for row in SAMPLERS:
        cells = (row.name, row.comfyui or "–", row.invokeai or "–")
        assert "| " + " | ".join(cells) + " |" in page, row.name
        line = next(line for line in page.splitlines() if line.startswith(f"| {row.name} |"))
        assert row.diffusers.removesuffix("Scheduler") in line
        assert row.alike in line
        assert all(library in line for library in row.needs)
        assert row.note in line
    for schedule in SCHEDULES:
        line = next(
            line
            for line in page.splitlines()
            if line.startswith(f"| {schedule.name} | {schedule.comfyui or '–'} |")
        )
        assert schedule.alike in line
        assert all(option in line for option in schedule.options)
