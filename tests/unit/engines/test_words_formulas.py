"""What the table calls the same algorithm, held to the published update rules.

The rules are written out here from the papers (Karras et al. 2022 for Euler and Heun, Lu et al.
2022 for DPM-2 and DPM++ 2M, Song et al. 2021 for DDIM) and run on a model whose answer is known:
for Gaussian pictures of spread 0.7 the best guess at noise level s is x · 0.49 / (0.49 + s²).
"""

from itertools import pairwise
from types import SimpleNamespace

import numpy as np
import pytest

from remarque.engines.stable_diffusion.sampling import set_sampler
from stand_ins import tiny_pipelines as tiny
from stand_ins.tiny_pipelines import torch

pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning")
STEPS = 8


def guess(x, s):
    return x * 0.49 / (0.49 + s * s)


def slope(x, s):
    return (x - guess(x, s)) / s


def euler(x, levels):
    for s, after in pairwise(levels):
        x = x + slope(x, s) * (after - s)
    return x


def heun(x, levels):
    for s, after in pairwise(levels):
        first = slope(x, s)
        there = x + first * (after - s)
        x = there if after == 0 else x + (first + slope(there, after)) / 2 * (after - s)
    return x


def dpm2(x, levels):
    for s, after in pairwise(levels):
        if after == 0:
            return x + slope(x, s) * (after - s)
        middle = np.sqrt(s * after)
        x = x + slope(x + slope(x, s) * (middle - s), middle) * (after - s)
    return x


def dpm_2m(x, levels):
    before = None
    for place, (s, after) in enumerate(pairwise(levels)):
        now = guess(x, s)
        if after == 0:
            return now
        h = np.log(s / after)
        ahead = now
        if before is not None:
            ahead = now + (now - before) * h / (2 * np.log(levels[place - 1] / s))
        x = x * after / s + (1 - np.exp(-h)) * ahead
        before = now
    return x


def lms(x, levels):
    """Linear multistep of order 4: the slopes as a polynomial, integrated to the next level."""
    slopes = []
    for place, after in enumerate(levels[1:]):
        slopes = [slope(x, levels[place]), *slopes[:3]]
        known = levels[place::-1][: len(slopes)]
        for number, own in enumerate(slopes):
            others = np.delete(known, number)
            area = np.polyint(np.atleast_1d(np.poly(others)) / np.prod(known[number] - others))
            x = x + own * (np.polyval(area, after) - np.polyval(area, levels[place]))
    return x


RULES = {"Euler": euler, "Heun": heun, "DPM2": dpm2, "DPM++ 2M": dpm_2m, "LMS": lms}
START = torch.tensor([7.0, -15.0, 29.0], dtype=torch.float64).reshape(1, 1, 1, 3)


def scheduler_of(name, schedule):
    pipe = SimpleNamespace(scheduler=tiny.scheduler())
    set_sampler(pipe, name, schedule)
    pipe.scheduler.set_timesteps(STEPS)
    return pipe.scheduler


def by_class(scheduler):
    """The same start through the diffusers class, which is asked for the noise in the picture."""
    keeps_variance = "DPMSolver" in type(scheduler).__name__
    first = float(scheduler.sigmas[0])
    sample = START / (1 + first**2) ** 0.5 if keeps_variance else START
    for place, t in enumerate(scheduler.timesteps):
        given = scheduler.scale_model_input(sample, t)
        if keeps_variance:
            s = float(scheduler.sigmas[place])
            x = sample * (1 + s * s) ** 0.5
        else:
            s = float(((sample / given) ** 2 - 1).mean().sqrt())
            x = sample
        sample = scheduler.step(slope(x, s), t, sample).prev_sample
    return sample


@pytest.mark.parametrize("schedule", ["Karras", "Exponential"])
@pytest.mark.parametrize("name", RULES)
def test_the_class_follows_the_published_rule(name, schedule):
    pytest.importorskip("scipy", reason="DPM2 needs scipy")
    levels = scheduler_of("Euler", schedule).sigmas.double().numpy()
    wanted = RULES[name](START.numpy(), levels)
    found = by_class(scheduler_of(name, schedule)).numpy()
    assert np.allclose(found, wanted, rtol=2e-3), (found - wanted) / wanted


def test_ddim_is_eulers_rule_at_its_own_levels():
    scheduler = scheduler_of("DDIM", None)
    kept = scheduler.alphas_cumprod[scheduler.timesteps].double()
    levels = [*((1 - kept) / kept).sqrt().tolist(), 0.0]
    sample = START / (1 + levels[0] ** 2) ** 0.5
    for s, t in zip(levels, scheduler.timesteps, strict=False):
        sample = scheduler.step(slope(sample * (1 + s * s) ** 0.5, s), t, sample).prev_sample
    assert np.allclose(sample.numpy(), euler(START.numpy(), levels), rtol=2e-3)


def test_the_schedules_follow_the_published_formulas():
    plain = scheduler_of("Euler", "Uniform").sigmas
    most, least = float(plain[0]), float(scheduler_of("Euler", "Karras").sigmas[-2])
    ramp = np.linspace(0, 1, STEPS)
    karras = (most ** (1 / 7) + ramp * (least ** (1 / 7) - most ** (1 / 7))) ** 7
    exponential = np.exp(np.log(most) + ramp * (np.log(least) - np.log(most)))
    for name, levels in (("Karras", karras), ("Exponential", exponential)):
        assert np.allclose(scheduler_of("Euler", name).sigmas[:-1], levels, rtol=1e-4)


def test_the_rules_are_told_apart():
    """The tolerance above is finer than the difference between any two of the rules."""
    levels = scheduler_of("Euler", "Karras").sigmas.double().numpy()
    ends = [rule(START.numpy(), levels).flat[0] for rule in RULES.values()]
    gaps = [abs(a / b - 1) for n, a in enumerate(ends) for b in ends[:n]]
    assert min(gaps) > 4e-3
