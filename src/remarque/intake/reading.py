"""What a picture file says about its own making: all readers, one answer, open contradictions."""

from collections.abc import Sequence

from remarque.intake import (
    credentials,
    draw_things,
    easy_diffusion,
    flux_exif,
    fooocus,
    hugging_face,
    invokeai,
    iptc_fields,
    midjourney,
    mochi_diffusion,
    novelai,
    single_texts,
    stability_matrix,
    swarmui,
    tensor_art,
)
from remarque.intake.account import Account, Reader, disagreements, filled_from
from remarque.intake.automatic1111 import reader as automatic1111
from remarque.intake.chunks import scan
from remarque.intake.comfyui import reader as comfyui
from remarque.intake.loose_json import forget_parsed
from remarque.intake.searchable import searchable
from remarque.intake.xmp_packet import forget_packets
from remarque.manifests.stores import ManifestStore, read_manifest_store
from remarque.model.recipe import Chunk, Reading, Recipe

# SwarmUI and Tensor.Art let ComfyUI run and tell what was asked of them in their own names; then
# what was executed comes before what a program wrote about it, formats that name their program
# before the one that many write, and a canvas, which nobody executed, and labels come last.
READERS: tuple[Reader, ...] = (
    swarmui.read,
    tensor_art.read,
    comfyui.read,
    fooocus.read,
    invokeai.read,
    novelai.read,
    draw_things.read,
    easy_diffusion.read,
    hugging_face.read,
    mochi_diffusion.read,
    midjourney.read,
    flux_exif.read,
    single_texts.read,
    automatic1111.read,
    stability_matrix.read,
    comfyui.read_canvas,
    iptc_fields.read,
    credentials.read,
)


def read_picture(content: bytes) -> Reading:
    """Read everything the file says. Unknown stays None; nothing is guessed.

    The fields come from the first account in the order of ``READERS``. Where no other account
    contradicts it, they fill what it leaves open; where one does, it is reported and not used.

    Raises:
        PictureUnreadable: The bytes are no picture of a known format.
    """
    found = scan(content)
    store = read_manifest_store(content)
    chunks = (*found.chunks, *_manifest_chunk(store))
    readable, left_aside = searchable(chunks, found.cut_off)
    accounts = read_accounts(readable)
    recipe, contradictions = _joined(accounts)
    return Reading(
        generator=_generator(accounts),
        recipe=recipe,
        chunks=chunks,
        contradictions=contradictions,
        remarks=(*found.remarks, *left_aside, *_signature(store)),
    )


def read_accounts(chunks: Sequence[Chunk]) -> tuple[Account, ...]:
    """Every account of every reader, the leading one first."""
    try:
        return tuple(account for reader in READERS for account in reader(chunks))
    finally:
        forget_parsed()
        forget_packets()


def _generator(accounts: Sequence[Account]) -> str | None:
    """The host's name where one let another program run, else that of the leading account."""
    named = [account.generator for account in accounts if account.host] or [
        account.generator for account in accounts
    ]
    return named[0] if named else None


def _manifest_chunk(store: ManifestStore | None) -> tuple[Chunk, ...]:
    if store is None or not store.text:
        return ()
    return (Chunk(credentials.PLACE, "store", store.text.encode("utf-8"), store.text),)


def _signature(store: ManifestStore | None) -> tuple[str, ...]:
    """One sentence: how far the credentials check out without believing anybody."""
    if store is None:
        return ()
    why = ", ".join(store.failures[:5])
    if not store.text:
        return (f"The Content Credentials cannot be read ({why}).",)
    if not store.intact:
        return (f"The Content Credentials' signature does not check out ({why}).",)
    return (
        "The Content Credentials' signature checks out; "
        "whether the signer is who it says is not known.",
    )


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
