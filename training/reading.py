"""Trains the text encoder: it learns to tell from a caption what is in the picture.

What a diffusion model learns about words comes through noise and comes slowly; a few minutes of
plain questions put the words' meanings in place before it begins.
"""

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional
from transformers import CLIPTextModel

from training.captions import caption
from training.denoising import token_ids
from training.models import WIDTH, new_text_encoder
from training.pair import average_gradients, join, leave
from training.plan import Run, warm_then_cosine
from training.probe import CLASSES, labels
from training.saving import save_state
from training.stacks import open_stack
from training.tokenizer import load_tokenizer
from training.vae import dice

PEAK_RATE = 1e-3
_BATCH = 48


class Reader(nn.Module):
    """A text encoder with one question per attribute, asked of all words of a caption together.

    What fills up the positions behind the words is left out, or all meaning would move there and
    no word's attention would show where the word is drawn.
    """

    def __init__(self, text: CLIPTextModel) -> None:
        """Put the questions after `text`."""
        super().__init__()
        self.text = text
        self.marks = (text.config.bos_token_id, text.config.eos_token_id)
        self.questions = nn.ModuleList(nn.Linear(WIDTH, len(kinds)) for kinds in CLASSES.values())

    def forward(self, ids: Tensor) -> list[Tensor]:
        """Return the scores of every attribute, in the order of `CLASSES`."""
        words = ((ids != self.marks[0]) & (ids != self.marks[1])).float().unsqueeze(2)
        read = (self.text(ids)[0].float() * words).sum(1) / words.sum(1).clamp(min=1)
        return [question(read) for question in self.questions]


def train_reader(rank: int, run: Run) -> None:
    """Train the reader on fresh captions of the stack's scenes and keep its text encoder."""
    target = run.folder / "reader.pt"
    if target.exists():
        return
    join(rank, run.processes, run.port + 3)
    scenes = open_stack(run.stack)[1]
    answers = labels(scenes)
    torch.manual_seed(run.seed)
    tokenizer = load_tokenizer(run.folder / "tokenizer")
    reader = Reader(new_text_encoder(tokenizer))
    reader.text.set_attn_implementation("eager")
    pace = torch.optim.AdamW(reader.parameters(), lr=PEAK_RATE, weight_decay=0.01)
    for step in range(run.plan.reader_steps):
        rng = dice(run, rank, step)
        chosen = rng.integers(0, len(scenes), _BATCH)
        ids = token_ids(tokenizer, [caption(scenes[int(index)], rng) for index in chosen])
        # no word sees what comes after it, so the filling behind the longest can be left out
        ids = ids[:, : int((ids != tokenizer.eos_token_id).sum(1).max()) + 1]
        loss = _surprise(reader(ids), answers[torch.from_numpy(np.asarray(chosen))])
        loss.backward()
        average_gradients(reader.parameters(), run.processes)
        share = warm_then_cosine(step, run.plan.reader_steps, warm=40, flat=0.3)
        pace.param_groups[0]["lr"] = PEAK_RATE * share
        pace.step()
        pace.zero_grad()
        if rank == 0 and (step + 1) % 50 == 0:
            print(f"reader step {step + 1} loss {loss.item():.3f}", flush=True)  # noqa: T201
    if rank == 0:
        save_state(target, {"text": reader.text.state_dict()})
    leave(run.processes)


def _surprise(scores: list[Tensor], answers: Tensor) -> Tensor:
    losses = [
        functional.cross_entropy(score, answers[:, place]) for place, score in enumerate(scores)
    ]
    return torch.stack(losses).mean()
