"""Word maps as they are kept: a grey picture each, and the list of them beside the run."""

from collections.abc import Sequence
from dataclasses import dataclass

from remarque.actions.orders import AttentionMap
from remarque.actions.ports import Vault
from remarque.errors import MetadataMalformed, StoreError
from remarque.model.canonical import (
    decode_json,
    encode_canonical,
    json_from_value,
    value_from_json,
)
from remarque.model.digests import Digest, digest_of, hex_of
from remarque.model.explanations import Character, WordMap
from remarque.model.generic_words import generic_because
from remarque.pictures.decoding import decode
from remarque.pictures.encoding import encode
from remarque.pictures.overlays import map_in_grey, map_over, peak_of, share_above_half
from remarque.pictures.scaling import Pixels

MOST_MAPS = 64
"""Maps of so many phrases are kept, the first of the prompt: each is two pictures in a bundle."""


@dataclass(frozen=True, slots=True)
class KeptMap:
    """The map of one phrase: ``raw`` is a grey PNG the size of the picture."""

    phrase: str
    order: int
    raw: Digest


@dataclass(frozen=True, slots=True)
class KeptMaps:
    """The maps of one run, in the order of the prompt; ``left_out`` more were not kept."""

    maps: tuple[KeptMap, ...]
    left_out: int = 0


def keep_maps(
    vault: Vault, run: Digest | None, maps: Sequence[AttentionMap], picture: Digest
) -> KeptMaps:
    """Keep the maps of a run at the size of its picture, to be found again by the run."""
    height, width = decode(vault.pictures.read(picture)).pixels.shape[:2]
    kept = KeptMaps(
        tuple(
            KeptMap(one.phrase, one.order, vault.pictures.keep_bytes(_grey(one, width, height)))
            for one in maps[:MOST_MAPS]
        ),
        left_out=max(0, len(maps) - MOST_MAPS),
    )
    if run is not None:
        listed = vault.pictures.keep_bytes(encode_canonical(json_from_value(kept)))
        vault.runs.note(_listed_under(run), listed)
    return kept


def kept_maps(vault: Vault, run: Digest) -> KeptMaps | None:
    """The maps of an earlier run; None where they are not all here."""
    listed = vault.runs.picture_of(_listed_under(run))
    try:
        if listed is None:
            return None
        found = value_from_json(decode_json(vault.pictures.read(listed)), KeptMaps)
    except (StoreError, MetadataMalformed):
        return None
    return found if all(vault.pictures.holds(one.raw) for one in found.maps) else None


def word_maps(vault: Vault, kept: KeptMaps, picture: Pixels) -> tuple[WordMap, ...]:
    """Each map with its overlay over the picture made again, kept in the vault."""
    return tuple(_word_map(vault, one, picture) for one in kept.maps)


def _word_map(vault: Vault, one: KeptMap, picture: Pixels) -> WordMap:
    grey = decode(vault.pictures.read(one.raw)).pixels[..., 0]
    overlay = vault.pictures.keep_bytes(encode(map_over(picture, grey), "image/png"))
    generic = generic_because(one.phrase) is not None
    return WordMap(
        phrase=one.phrase,
        overlay=overlay,
        raw=one.raw,
        peak=peak_of(grey),
        share=share_above_half(grey),
        character=Character.GENERIC if generic else Character.CREATIVE,
    )


def _grey(one: AttentionMap, width_px: int, height_px: int) -> bytes:
    return encode(map_in_grey(one.weights, width_px, height_px), "image/png")


def _listed_under(run: Digest) -> Digest:
    return digest_of(f"maps of {hex_of(run)}".encode())
