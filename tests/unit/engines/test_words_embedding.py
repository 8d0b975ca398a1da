"""Prompts through real pipelines: the bits of diffusers itself, weights, windows, phrases."""

import pytest

from remarque.engines.stable_diffusion.embedding import embed_prompts
from remarque.engines.stable_diffusion.weighting import interpolate, restore_mean
from remarque.errors import UsageError
from remarque.model.prompts import SYNTAXES
from stand_ins import tiny_pipelines as tiny
from stand_ins.tiny_pipelines import torch

PROMPT, NEGATIVE = "a Red sea, by! o. 3.5, w", "g, x"
PAIR = ("prompt_embeds", "negative_prompt_embeds")
FOUR = (*PAIR, "pooled_prompt_embeds", "negative_pooled_prompt_embeds")
STORY = "sea, " * 70  # four tokens each: the alphabet is the vocabulary


@pytest.fixture(scope="module")
def pipes(tmp_path_factory):
    """The four families, once for all tests, which leave them as they are."""
    made = {}
    for name in ("stable_diffusion", "sdxl", "sd3", "flux"):
        made[name] = getattr(tiny, name)(tmp_path_factory.mktemp(name))
    return made


@pytest.fixture(scope="module")
def sd(pipes):
    return pipes["stable_diffusion"]


def own_of(name, pipe, prompt, negative):
    """What the pipeline's own encode_prompt gives, by the names of its arguments."""
    with torch.no_grad():
        match name:
            case "stable_diffusion":
                given = pipe.encode_prompt(prompt, "cpu", 1, True, negative)
                return dict(zip(PAIR, given, strict=True))
            case "sdxl":
                given = pipe.encode_prompt(prompt, negative_prompt=negative)
                return dict(zip(FOUR, given, strict=True))
            case "sd3":
                given = pipe.encode_prompt(prompt, prompt, prompt, negative_prompt=negative)
                return dict(zip(FOUR, given, strict=True))
            case _:
                given = pipe.encode_prompt(prompt)[:2]
                return dict(zip(("prompt_embeds", "pooled_prompt_embeds"), given, strict=True))


@pytest.mark.parametrize("syntax", SYNTAXES)
@pytest.mark.parametrize("name", ["stable_diffusion", "sdxl", "sd3", "flux"])
def test_a_short_prompt_gives_the_very_bits_of_diffusers(pipes, name, syntax):
    ours = embed_prompts(pipes[name], PROMPT, NEGATIVE, syntax, None)
    theirs = own_of(name, pipes[name], PROMPT, NEGATIVE)
    for key, value in theirs.items():
        assert torch.equal(ours.arguments[key], value), key
    assert ours.remarks == ()


def test_the_bits_hold_with_t5_as_well(pipes, tmp_path):
    pipe = tiny.sd3(tmp_path)
    pipe.register_modules(text_encoder_3=tiny.t5_text(), tokenizer_3=tiny.tokenizer(tmp_path / "t"))
    ours = embed_prompts(pipe, "sea, hill", "", "automatic1111", None)
    theirs = own_of("sd3", pipe, "sea, hill", "")
    for key, value in theirs.items():
        assert torch.equal(ours.arguments[key], value), key
    assert [one.places for one in ours.phrases] == [
        (1, 2, 3, 78, 79, 80),
        (5, 6, 7, 8, 82, 83, 84, 85),
    ]
    said = embed_prompts(pipe, "(sea:1.3)", "", "automatic1111", None).remarks
    assert any("T5" in sentence for sentence in said)


def test_zeros_stand_for_no_negative_prompt_as_in_diffusers(pipes):
    given = embed_prompts(pipes["sdxl"], "sea", "", "plain", None).arguments
    assert not given["negative_prompt_embeds"].any()
    assert not given["negative_pooled_prompt_embeds"].any()
    given = embed_prompts(pipes["sdxl"], "sea", "", "automatic1111", None).arguments
    assert given["negative_prompt_embeds"].any()


@pytest.mark.parametrize("syntax", ["automatic1111", "comfyui"])
def test_weight_one_changes_nothing(sd, syntax):
    plain = embed_prompts(sd, "sea hill", "", syntax, None).arguments["prompt_embeds"]
    one = embed_prompts(sd, "(sea hill:1.0)", "", syntax, None).arguments["prompt_embeds"]
    assert torch.equal(plain, one)


def test_automatic1111_restores_the_mean(sd):
    plain = embed_prompts(sd, "a b c", "", "automatic1111", None).arguments["prompt_embeds"]
    heavy = embed_prompts(sd, "a (b:1.4) c", "", "automatic1111", None).arguments["prompt_embeds"]
    assert not torch.allclose(plain, heavy)
    assert torch.isclose(plain.mean(), heavy.mean(), atol=1e-6)
    ratio = heavy / plain
    # One factor for all, and the weight on top for the second word alone.
    assert torch.allclose(ratio[0, 2], ratio[0, 1] * 1.4, rtol=1e-3)
    assert torch.allclose(ratio[0, 0], ratio[0, 3], rtol=1e-3)


def test_equal_weights_cancel_out():
    # The rule divides by the mean, so that numbers whose mean is nearly 0 tell nothing.
    hidden = torch.randn(1, 5, 4, generator=torch.Generator().manual_seed(1)) + 0.5
    assert torch.allclose(restore_mean(hidden, [1.7] * 5), hidden, atol=1e-5)
    assert torch.isfinite(restore_mean(torch.zeros(1, 5, 4), [1.7] * 5)).all()
    half = torch.randn(1, 5, 4, dtype=torch.float16)
    assert restore_mean(half, [1.2] * 5).dtype == torch.float16


def test_comfyui_moves_one_word_away_from_the_empty_prompt(sd):
    empty = embed_prompts(sd, "", "", "comfyui", None).arguments["prompt_embeds"]
    plain = embed_prompts(sd, "a b c", "", "comfyui", None).arguments["prompt_embeds"]
    heavy = embed_prompts(sd, "a (b:1.5) c", "", "comfyui", None).arguments["prompt_embeds"]
    changed = (plain != heavy).any(dim=-1)[0]
    assert changed.nonzero().flatten().tolist() == [2]
    wanted = empty[0, 2] + 1.5 * (plain[0, 2] - empty[0, 2])
    assert torch.allclose(heavy[0, 2], wanted, atol=1e-5)
    none = embed_prompts(sd, "a (b:0) c", "", "comfyui", None).arguments["prompt_embeds"]
    assert torch.allclose(none[0, 2], empty[0, 2], atol=1e-6)


def test_interpolation_keeps_the_bits_of_unweighted_tokens():
    hidden, empty = torch.randn(2, 1, 3, 4).half()
    moved = interpolate(hidden, empty, [1.0, 1.3, 1.0])
    assert torch.equal(moved[0, 0], hidden[0, 0])
    assert moved.dtype == torch.float16


def test_long_prompts_go_on_in_windows_and_both_have_as_many(sd):
    given = embed_prompts(sd, STORY, "g", "automatic1111", None)
    hidden, away = (given.arguments[key] for key in PAIR)
    assert hidden.shape == away.shape == (1, 4 * 77, tiny.HIDDEN)
    empty = embed_prompts(sd, "", "", "automatic1111", None).arguments["prompt_embeds"]
    assert torch.equal(away[:, 77:154], empty)
    assert len(given.phrases) == 70
    assert all(len(one.places) == 3 for one in given.phrases)
    places = [place for one in given.phrases for place in one.places]
    assert places == sorted(set(places))


def test_break_begins_a_window(sd):
    given = embed_prompts(sd, "sea BREAK hill", "", "automatic1111", None)
    assert [one.places for one in given.phrases] == [(1, 2, 3), (78, 79, 80, 81)]
    alone = embed_prompts(sd, "hill", "", "automatic1111", None).arguments["prompt_embeds"]
    assert torch.equal(given.arguments["prompt_embeds"][:, 77:], alone)


def test_diffusers_prompts_end_after_a_window_as_there(sd):
    given = embed_prompts(sd, STORY, "", "plain", None)
    theirs = own_of("stable_diffusion", sd, STORY, "")
    assert torch.equal(given.arguments["prompt_embeds"], theirs["prompt_embeds"])
    assert any("205 tokens beyond the first 75" in sentence for sentence in given.remarks)
    assert given.phrases[-1].places == ()


def test_clip_skip_counts_as_the_program_does(sd):
    def of(skip, syntax):
        return embed_prompts(sd, "sea", "", syntax, skip).arguments["prompt_embeds"]

    last = of(None, "automatic1111")
    assert torch.equal(of(1, "automatic1111"), last)
    assert torch.equal(of(0, "plain"), last)
    earlier = of(2, "automatic1111")
    assert not torch.equal(earlier, last)
    assert torch.equal(of(1, "plain"), earlier)
    with pytest.raises(UsageError, match="the text encoder has 2"):
        of(3, "automatic1111")


def test_clip_skip_of_sdxl_begins_before_the_last(pipes):
    def of(skip):
        return embed_prompts(pipes["sdxl"], "sea", "", "automatic1111", skip)

    assert torch.equal(of(None).arguments["prompt_embeds"], of(1).arguments["prompt_embeds"])
    assert torch.equal(of(None).arguments["prompt_embeds"], of(2).arguments["prompt_embeds"])
    assert of(2).remarks == ()


def test_flux_says_what_it_leaves_out(pipes):
    given = embed_prompts(pipes["flux"], "(sea:1.3) BREAK hill", "g", "automatic1111", 2)
    assert {sentence.split(":")[0] for sentence in given.remarks} == {
        "FLUX takes no weights",
        "FLUX reads a prompt in one piece",
        "FLUX has no clip skip",
    }
    plain = embed_prompts(pipes["flux"], "sea hill", "", "plain", None)
    assert torch.equal(given.arguments["prompt_embeds"], plain.arguments["prompt_embeds"])
    assert "negative_prompt_embeds" in given.arguments
    assert [one.places for one in given.phrases] == [(1, 2, 3), (4, 5, 6, 7)]
    long = embed_prompts(pipes["flux"], "sea, " * 200, "", "automatic1111", None)
    assert any("beyond the 512" in sentence for sentence in long.remarks)


def test_embeddings_of_several_vectors_are_read_whole(tmp_path):
    pipe = tiny.stable_diffusion(tmp_path)
    vectors = torch.randn(3, tiny.HIDDEN)
    pipe.load_textual_inversion(vectors, token="grain")
    theirs = own_of("stable_diffusion", pipe, "a grain, b", "")["prompt_embeds"]
    for written, syntax in (("a grain, b", "automatic1111"), ("a embedding:grain, b", "comfyui")):
        given = embed_prompts(pipe, written, "", syntax, None)
        assert torch.equal(given.arguments["prompt_embeds"], theirs)
        assert given.phrases[0].places == (1, 2, 3, 4)
    missing = embed_prompts(pipe, "embedding:other.pt", "", "comfyui", None)
    assert missing.remarks == ("The embedding “other” is not loaded: its name was read as words.",)


def test_ten_thousand_words_are_refused_with_their_count(sd):
    with pytest.raises(UsageError, match=r"\d+ windows of 75 tokens"):
        embed_prompts(sd, "sea " * 10_000, "", "automatic1111", None)


def test_ways_that_differ_are_said(sd):
    assert "InvokeAI" in embed_prompts(sd, "(sea)0.8", "", "invokeai", None).remarks[0]
    assert "NovelAI" in embed_prompts(sd, "{sea}", "", "novelai", None).remarks[0]


def test_the_embeddings_make_the_same_picture_as_the_words(sd):
    def make(**given):
        noise = torch.Generator().manual_seed(3)
        return sd(num_inference_steps=2, generator=noise, output_type="latent", **given).images

    given = embed_prompts(sd, "sea, hill", "g", "automatic1111", None)
    assert torch.equal(make(**given.arguments), make(prompt="sea, hill", negative_prompt="g"))
