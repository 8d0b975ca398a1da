"""What a picture file says about its own making: all readers, one answer, open contradictions."""

from collections.abc import Sequence

from remarque.intake import draw_things, easy_diffusion, fooocus, invokeai, novelai, swarmui
from remarque.intake.account import Account, Reader, disagreements, filled_from, name_of
from remarque.intake.automatic1111 import reader as automatic1111
from remarque.intake.chunks import scan_chunks
from remarque.intake.comfyui import reader as comfyui
from remarque.intake.loose_json import LONGEST, forget_parsed
from remarque.model.recipe import Chunk, Reading, Recipe

_MOST_TEXT = 2 * LONGEST
_MOST_SAID = 20

# SwarmUI drives ComfyUI and names itself; then what was executed comes before what a program
# wrote about it, and a canvas, which nobody executed, comes last.
READERS: tuple[Reader, ...] = (
    swarmui.read,
    comfyui.read,
    automatic1111.read,
    fooocus.read,
    invokeai.read,
    novelai.read,
    draw_things.read,
    easy_diffusion.read,
    comfyui.read_canvas,
)


def read_picture(content: bytes) -> Reading:
    """Read everything the file says. Unknown stays None; nothing is guessed.

    The fields come from the first account in the order of ``READERS``. Where no other account
    contradicts it, they fill what it leaves open; where one does, it is reported and not used.

    Raises:
        PictureUnreadable: The bytes are no picture of a known format.
    """
    chunks, remarks = scan_chunks(content)
    readable, left_aside = _readable(chunks)
    accounts = read_accounts(readable)
    recipe, contradictions = _joined(accounts)
    return Reading(
        generator=accounts[0].generator if accounts else None,
        recipe=recipe,
        chunks=chunks,
        contradictions=contradictions,
        remarks=(*remarks, *left_aside),
    )


def read_accounts(chunks: Sequence[Chunk]) -> tuple[Account, ...]:
    """Every account of every reader, the leading one first."""
    try:
        return tuple(account for reader in READERS for account in reader(chunks))
    finally:
        forget_parsed()


def _readable(chunks: Sequence[Chunk]) -> tuple[list[Chunk], tuple[str, ...]]:
    """Chunks short enough to be searched for facts in bounded time; all are kept as they are."""
    room, fitting = _MOST_TEXT, set[int]()
    # The shortest first: a heap of long ones must not hide a short one behind them.
    for size, place in sorted((len(chunk.text or ""), i) for i, chunk in enumerate(chunks)):
        if size <= min(LONGEST, room):
            room -= size
            fitting.add(place)
    sentences = [
        f"{name_of(chunk)} is too long to be searched for facts."
        for place, chunk in enumerate(chunks)
        if place not in fitting
    ]
    return [chunks[place] for place in sorted(fitting)], tuple(dict.fromkeys(sentences))[
        :_MOST_SAID
    ]


def _joined(accounts: Sequence[Account]) -> tuple[Recipe, tuple[str, ...]]:
    if not accounts:
        return Recipe(), ()
    first, recipe = accounts[0], accounts[0].recipe
    sentences = list(first.doubts)
    for other in accounts[1:]:
        differing = disagreements(first, other)
        sentences += differing
        if differing:
            sentences += other.doubts
        elif other.supplements:
            recipe = filled_from(recipe, other.recipe)
    return recipe, tuple(dict.fromkeys(sentences))
