"""Any text embeds, finite and in bounds, or is refused in one sentence."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from remarque.engines.stable_diffusion.embedding import embed_prompts
from remarque.engines.stable_diffusion.embedding_reading import read_prompt
from remarque.engines.stable_diffusion.windows import MOST_WINDOWS
from remarque.errors import UsageError
from remarque.model.phrases import PhraseKind
from remarque.model.prompts import SYNTAXES
from stand_ins import tiny_pipelines as tiny
from stand_ins.tiny_pipelines import torch

NOTATION = st.lists(
    st.sampled_from(
        [
            "red",
            "sea",
            "BREAK",
            "AND",
            "(",
            ")",
            "[",
            "]",
            ":1.3)",
            ":0.5]",
            ", ",
            ". ",
            "<lora:x:1>",
            "<embed:y>",
            "<random:a, b>",
            "++",
            "{",
            "}",
            "2::",
            "::",
            "embedding:z",
            " ",
            "\n",
            "!",
            '"',
            ".swap(",
            ".blend(1, 2)",
            "--no ",
            "\\(",
            "、",
            "é",
            "海",
        ]
    ),
    max_size=40,
).map("".join)
PROMPTS = st.text(max_size=300) | NOTATION


@pytest.fixture(scope="module")
def pipe(tmp_path_factory):
    return tiny.stable_diffusion(tmp_path_factory.mktemp("sd"))


@settings(max_examples=60, deadline=None)
@given(prompt=PROMPTS, negative=PROMPTS, syntax=st.sampled_from(SYNTAXES))
def test_any_text_embeds_or_is_refused(pipe, prompt, negative, syntax):
    try:
        given = embed_prompts(pipe, prompt, negative, syntax, None)
    except UsageError:
        return
    hidden, away = given.arguments["prompt_embeds"], given.arguments["negative_prompt_embeds"]
    assert hidden.shape == away.shape
    assert hidden.shape[1] <= 77 * MOST_WINDOWS
    assert torch.isfinite(hidden).all()
    places = [place for one in given.phrases for place in one.places]
    assert len(places) == len(set(places))
    assert all(0 <= place < hidden.shape[1] for place in places)


@settings(max_examples=300, deadline=None)
@given(prompt=PROMPTS, syntax=st.sampled_from(SYNTAXES))
def test_every_phrase_of_words_is_read_once_and_with_its_weight(prompt, syntax):
    try:
        reading = read_prompt(prompt, syntax)
    except UsageError:
        return
    if any(phrase.kind is PhraseKind.SECTION for phrase in reading.phrases):
        return  # what follows is left out, and that is said
    read = {
        segment.order: (segment.text, run.weight)
        for run in reading.runs()
        for segment in run.segments
        if segment.order is not None
    }
    for phrase in reading.phrases:
        if phrase.kind is PhraseKind.WORDS:
            assert read[phrase.order] == (phrase.text, phrase.weight)
