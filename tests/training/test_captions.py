"""Captions and the tokenizer that reads them."""

import json

import numpy as np
import pytest
from training.captions import STYLE_WORDS, caption, phrases
from training.world.scene import sample_scene


def captions(count):
    rng = np.random.default_rng(3)
    return [caption(sample_scene(rng), rng) for _ in range(count)]


def test_captions_come_in_all_lengths_and_differ():
    lines = captions(600)
    lengths = [len(line.replace(",", " ").split()) for line in lines]
    assert len(set(lines)) > 450
    assert min(lengths) <= 2
    assert max(lengths) >= 20
    assert all(line and line == line.strip(" ,") for line in lines)


def test_phrases_name_all_there_is():
    rng = np.random.default_rng(4)
    for _ in range(100):
        scene = sample_scene(rng)
        named = phrases(scene, rng)
        assert named["style"] in STYLE_WORDS[scene.style]
        assert ("boat" in named) == bool(scene.boats)
        assert ("house" in named) == (scene.house is not None)
        assert ("orb" in named) == (scene.orb is not None)


def test_most_captions_say_the_side():
    rng = np.random.default_rng(5)
    sided = [s for s in (sample_scene(rng) for _ in range(900)) if s.house_side]
    told = [phrases(s, rng)["house"].endswith(("left", "middle", "centre", "right")) for s in sided]
    assert 0.7 < np.mean(told) < 0.9


def test_soft_pictures_are_called_so():
    rng = np.random.default_rng(6)
    soft = [s for s in (sample_scene(rng) for _ in range(600)) if s.soft]
    assert soft
    lines = [caption(scene, rng) for scene in soft]
    assert all(any(word in line for word in ("blurry", "quality", "focus")) for line in lines)


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    pytest.importorskip("transformers")
    from training.tokenizer import write_tokenizer

    target = tmp_path_factory.mktemp("tokenizer")
    write_tokenizer(target, 1, 4000)
    return target


@pytest.fixture(scope="module")
def tokenizer(folder):
    from training.tokenizer import load_tokenizer

    return load_tokenizer(folder)


def test_every_caption_survives_the_tokenizer(tokenizer):
    for line in captions(200):
        ids = tokenizer(line).input_ids
        assert len(ids) <= 77
        told = tokenizer.decode(ids, skip_special_tokens=True)
        assert "".join(told.split()) == "".join(line.lower().split())
        words = line.replace(",", " , ").replace("-", " - ").split()
        assert len(ids) == len(words) + 2  # one token a word


def test_foreign_words_fall_to_pieces_but_never_fail(tokenizer):
    ids = tokenizer("Zebra crossing é 山 🙂").input_ids
    assert ids[0] == tokenizer.bos_token_id
    assert ids[-1] == tokenizer.eos_token_id
    assert len(ids) > 10


def test_merges_and_vocabulary_lie_beside_the_tokenizer(folder, tokenizer):
    vocabulary = json.loads((folder / "vocab.json").read_text("utf-8"))
    assert len(vocabulary) == len(tokenizer)
    assert (folder / "merges.txt").read_text("utf-8").startswith("#version")
