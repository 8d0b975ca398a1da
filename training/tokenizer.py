"""The tokenizer: byte-level pairs learnt from our own captions, in the form CLIP's has."""

import json
from pathlib import Path

import numpy as np
from tokenizers import Regex, Tokenizer, models, pre_tokenizers, trainers
from transformers import CLIPTokenizer

from training.captions import TERSE, caption
from training.world.scene import sample_scene

START, END = "<|startoftext|>", "<|endoftext|>"
POSITIONS = 77

# Words no caption holds but prompts do; each becomes one token instead of many.
_COMMON = (
    "picture image photo painting of style with without and the in on under above behind near far "
    "left right middle centre small large big very no text watermark signature frame empty dark "
    "bright beautiful landscape scene light linocut gold leaf"
)
_SPLIT = Regex(r"'s|'t|'re|'ve|'m|'ll|'d|[\p{L}]+|[\p{N}]|[^\s\p{L}\p{N}]+")


def write_tokenizer(folder: Path, seed: int, captions: int) -> None:
    """Learn the pairs and write vocab.json, merges.txt and tokenizer.json into `folder`."""
    rng = np.random.default_rng((seed, 7))
    # terse ones, so that words are met alone as well as in company
    lines = [caption(sample_scene(rng), rng, TERSE).lower() for _ in range(captions)]
    merges = _learn(lines + [_COMMON] * 200)
    folder.mkdir(parents=True, exist_ok=True)
    vocabulary = json.dumps(_vocabulary(merges), ensure_ascii=False)
    rules = "#version: 0.2\n" + "\n".join(" ".join(pair) for pair in merges) + "\n"
    (folder / "vocab.json").write_text(vocabulary, encoding="utf-8")
    (folder / "merges.txt").write_text(rules, encoding="utf-8")
    made = CLIPTokenizer(
        str(folder / "vocab.json"), str(folder / "merges.txt"), model_max_length=POSITIONS
    )
    made.save_pretrained(folder)


def _learn(lines: list[str]) -> list[tuple[str, str]]:
    learner = Tokenizer(models.BPE(end_of_word_suffix="</w>", unk_token=None))
    learner.pre_tokenizer = pre_tokenizers.Sequence(
        [
            pre_tokenizers.Split(_SPLIT, "removed", invert=True),
            pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False),
        ]
    )
    trainer = trainers.BpeTrainer(
        vocab_size=2000, min_frequency=5, end_of_word_suffix="</w>", show_progress=False
    )
    learner.train_from_iterator(lines, trainer)
    pairs = json.loads(learner.to_str())["model"]["merges"]
    return [(str(first), str(second)) for first, second in pairs]


def _vocabulary(merges: list[tuple[str, str]]) -> dict[str, int]:
    """Number the tokens in CLIP's order: bytes, bytes that end a word, pairs, start, end."""
    letters = sorted(pre_tokenizers.ByteLevel.alphabet())
    tokens = letters + [letter + "</w>" for letter in letters]
    tokens += [first + second for first, second in merges] + [START, END]
    return {token: number for number, token in enumerate(dict.fromkeys(tokens))}


def load_tokenizer(folder: Path) -> CLIPTokenizer:
    """Load a tokenizer written by `write_tokenizer`."""
    tokenizer: CLIPTokenizer = CLIPTokenizer.from_pretrained(folder)
    return tokenizer
