"""What a recorder of diffusers could not see, or saw of a batch, and forbids to make again."""

import re
from collections.abc import Iterator

from remarque.model.history import Take
from remarque.model.witness import Observer

_IN_A_BATCH = re.compile(r"only in a batch of (?P<size>\d{1,6}), as picture (?P<place>\d{1,6})")
"""In the words of the recorder of diffusers; the entry says it nowhere else."""


def batch_missing(take: Take) -> Iterator[str]:
    """The later pictures of a batch whose noise one generator made in turn."""
    for remark in take.witness.remarks if take.witness is not None else ():
        found = _IN_A_BATCH.search(remark)
        if found is not None and int(found["place"]) > 1:
            yield (
                f"It was picture {found['place']} of a batch of {found['size']} whose noise one "
                "generator made in turn: made alone, the seed gives the noise of the first."
            )


def adapters_missing(take: Take) -> Iterator[str]:
    """A sentence for each LoRA that no file can be found for."""
    for name in adapters_in_memory(take):
        yield (
            f"The LoRA “{name}” is on record by its numbers in the program’s memory; the file it "
            "came from is not named."
        )


def adapters_in_memory(take: Take) -> tuple[str, ...]:
    """The LoRAs whose digest is that of numbers in memory, as a recorder of diffusers sees them."""
    witness = take.witness
    if witness is None or witness.observer is not Observer.DIFFUSERS:
        return ()
    return tuple(m.name for m in witness.models if m.role == "lora" and m.size_bytes is None)
