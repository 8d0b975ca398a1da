"""Word maps: right numbers, an untouched picture, and nothing left behind."""

from dataclasses import dataclass

import numpy as np
import pytest

from remarque.engines.stable_diffusion.attention import MOST_PHRASES, AttentionRecorder
from stand_ins import tiny_pipelines as tiny

torch, diffusers = tiny.torch, tiny.diffusers


@dataclass(frozen=True)
class Tokens:
    """As ``embedding.PhraseTokens``."""

    text: str
    order: int
    places: tuple[int, ...]


PHRASES = (Tokens("ab", 0, (1, 2)), Tokens("c", 1, (4,)))


def call(pipe, **more):
    given = {"height": 32, "width": 64, "num_inference_steps": 2, "output_type": "np"} | more
    return pipe("ab, c", generator=torch.Generator().manual_seed(3), **given).images


class Probing:
    """A processor that works attention out openly, as the oldest one of diffusers does."""

    def __init__(self):
        self.seen = []

    def __call__(self, attn, hidden_states, encoder_hidden_states=None, **_):
        words = hidden_states if encoder_hidden_states is None else encoder_hidden_states
        query, key = attn.head_to_batch_dim(attn.to_q(hidden_states)), attn.to_k(words)
        weights = attn.get_attention_scores(query, attn.head_to_batch_dim(key))
        if encoder_hidden_states is not None:
            heads = weights.reshape(hidden_states.shape[0], attn.heads, *weights.shape[1:])
            self.seen.append(heads[-1].mean(0).detach())
        value = attn.head_to_batch_dim(attn.to_v(words))
        return attn.to_out[0](attn.batch_to_head_dim(torch.bmm(weights, value)))


def test_the_maps_are_the_attention_of_the_prompt_to_each_phrase(tmp_path):
    pipe = tiny.stable_diffusion(tmp_path)
    recorder = AttentionRecorder(pipe, PHRASES)
    with recorder:
        call(pipe)
    probe = Probing()
    for module in pipe.unet.modules():
        if isinstance(module, diffusers.models.attention_processor.Attention):
            module.set_processor(probe)
    call(pipe)
    grids = {weights.shape[0] for weights in probe.seen}
    assert grids == {8 * 16}, "all cross attention of this model is on the halved latents"
    expected = torch.stack([weights[:, [1, 2]].sum(1) for weights in probe.seen]).mean(0)
    found = recorder.maps()
    assert [(one.phrase, one.order) for one in found] == [("ab", 0), ("c", 1)]
    assert found[0].weights.dtype == np.float32
    np.testing.assert_allclose(found[0].weights.ravel(), expected.numpy(), atol=2e-5)


FAMILIES = {
    "sd1": (tiny.stable_diffusion, (8, 16)),
    "sdxl": (tiny.sdxl, (8, 16)),
    "sd3": (tiny.sd3, (16, 32)),
    "flux": (tiny.flux, (8, 16)),
}


@pytest.mark.parametrize("family", FAMILIES)
def test_the_picture_is_bit_for_bit_the_one_without_maps(family, tmp_path):
    build, grid = FAMILIES[family]
    pipe = build(tmp_path)
    plain = call(pipe)
    recorder = AttentionRecorder(pipe, PHRASES)
    with recorder:
        listened = call(pipe)
    assert np.array_equal(plain, listened)
    maps = recorder.maps()
    assert [one.weights.shape for one in maps] == [grid, grid]
    assert all(np.isfinite(one.weights).all() for one in maps)
    assert all(0 < one.weights.max() <= 1 for one in maps)
    assert recorder.remarks == ()


def hooks_of(pipe):
    return sum(len(one._forward_hooks) + len(one._forward_pre_hooks) for one in pipe.unet.modules())


def test_nothing_is_left_behind_also_after_a_failure(tmp_path):
    pipe = tiny.stable_diffusion(tmp_path)
    processors, hooks = dict(pipe.unet.attn_processors), hooks_of(pipe)

    def fail(*_):
        raise RuntimeError("no")

    with pytest.raises(RuntimeError), AttentionRecorder(pipe, PHRASES):
        pipe("a", num_inference_steps=2, callback_on_step_end=fail, height=32, width=32)
    assert pipe.unet.attn_processors == processors
    assert hooks_of(pipe) == hooks


def test_slicing_half_precision_and_a_lora_are_listened_to(tmp_path):
    pipe = tiny.stable_diffusion(tmp_path)
    tiny.lora_for(pipe, "style")
    pipe.enable_attention_slicing(1)
    pipe.to(torch.bfloat16)
    recorder = AttentionRecorder(pipe, PHRASES)
    with recorder:
        call(pipe)
    assert len(recorder.maps()) == 2


def test_an_image_to_image_run_of_an_odd_size_is_listened_to(tmp_path):
    kind = diffusers.StableDiffusionImg2ImgPipeline
    pipe = tiny.stable_diffusion(tmp_path, kind)
    recorder = AttentionRecorder(pipe, PHRASES)
    with recorder:
        pipe("ab, c", image=torch.zeros(1, 3, 24, 40), num_inference_steps=2, strength=0.9)
    assert recorder.maps()[0].weights.shape == (6, 10)


def test_without_guidance_the_one_run_is_the_prompts(tmp_path):
    pipe = tiny.stable_diffusion(tmp_path)
    recorder = AttentionRecorder(pipe, PHRASES)
    with recorder:
        call(pipe, guidance_scale=1.0)
    assert len(recorder.maps()) == 2


def test_flux_takes_the_prompts_turn_and_not_that_of_the_negative_prompt(tmp_path):
    pipe = tiny.flux(tmp_path)
    maps = []
    for more in ({}, {"negative_prompt": "d", "true_cfg_scale": 1.001}):
        recorder = AttentionRecorder(pipe, PHRASES)
        with recorder:
            call(pipe, num_inference_steps=1, **more)
        maps.append(recorder.maps()[0].weights)
    np.testing.assert_array_equal(maps[0], maps[1])


def test_phrases_without_tokens_and_too_many_phrases_are_said(tmp_path):
    pipe = tiny.stable_diffusion(tmp_path)
    many = [Tokens("none", 0, ()), *(Tokens(f"w{n}", n, (1,)) for n in range(MOST_PHRASES + 3))]
    recorder = AttentionRecorder(pipe, many)
    with recorder:
        call(pipe, num_inference_steps=1)
    assert len(recorder.maps()) == MOST_PHRASES
    assert "4 phrases have no map" in recorder.remarks[0]


def test_a_model_without_attention_to_words_has_no_maps_and_says_so():
    class Pipe:
        unet = torch.nn.Linear(1, 1)

    recorder = AttentionRecorder(Pipe(), PHRASES)
    with recorder:
        pass
    assert recorder.maps() == ()
    assert "no cross attention" in recorder.remarks[0]
