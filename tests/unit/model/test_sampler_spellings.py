"""Another spelling of one sampler is no choice of the author; another sampler is."""

import pytest

from remarque.model.comparison import compare_recipes
from remarque.model.recipe import Recipe


def changes(before, after):
    found = compare_recipes(Recipe(prompt="", **before), Recipe(prompt="", **after))
    return [change.field for change in found]


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ({"sampler": "DPM++ 2M Karras"}, {"sampler": "dpmpp_2m", "scheduler": "karras"}),
        ({"sampler": "Euler a"}, {"sampler": "k_euler_ancestral"}),
        ({"sampler": "DPMSolverMultistepScheduler"}, {"sampler": "DPM++ 2M"}),
    ],
)
def test_another_spelling_is_no_change(before, after):
    assert changes(before, after) == []
    assert changes(after, before) == []


@pytest.mark.parametrize(
    ("before", "after", "field"),
    [
        ({"sampler": "DPM++ 2M Karras"}, {"sampler": "DPM++ 2M"}, "sampler"),
        ({"sampler": "Euler a"}, {"sampler": "Euler"}, "sampler"),
        ({"sampler": "a sampler of tomorrow"}, {"sampler": "Euler"}, "sampler"),
        ({"sampler": "EulerDiscreteScheduler"}, {"sampler": "DPM++ 2M"}, "sampler"),
    ],
)
def test_another_sampler_or_schedule_is_one(before, after, field):
    assert field in changes(before, after)
