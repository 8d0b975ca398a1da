"""An explanation as files for the artist: pairs side by side, maps, the path, and its JSON."""

import json
from collections.abc import Iterator

from remarque.actions.explaining_wording import ABOUT, ABOUT_MAPS
from remarque.actions.placing import slug_of
from remarque.actions.ports import Vault
from remarque.model.canonical import Json, json_from_value
from remarque.model.digests import Digest
from remarque.model.explanations import Explanation
from remarque.pictures.decoding import decode
from remarque.pictures.encoding import encode
from remarque.pictures.overlays import beside
from remarque.pictures.scaling import Pixels

_FEW = 100


def explanation_as_json(explanation: Explanation) -> Json:
    """The explanation as one JSON value, with what it is evidence of."""
    told: Json = json_from_value(explanation)
    without = list(explanation.without_effect)
    return {**told, "without_effect": without, "about": [ABOUT, ABOUT_MAPS]}


def names_of_files(explanation: Explanation) -> tuple[str, ...]:
    """The names ``files_of`` gives, without making any: to see what lies there already."""
    return ("explanation.json", *(name for name, *_ in _pictures(explanation)))


def files_of(vault: Vault, explanation: Explanation) -> Iterator[tuple[str, bytes]]:
    """Each file as name and bytes; a pair is the take made again on the left, the other right.

    Raises:
        StoreError: A picture of the explanation is not in the vault any more.
    """
    baseline = decode(vault.pictures.read(explanation.baseline)).pixels
    for name, picture, is_pair in _pictures(explanation):
        content = vault.pictures.read(picture)
        yield name, _pair(baseline, content) if is_pair else content
    told = json.dumps(explanation_as_json(explanation), ensure_ascii=False, indent=2)
    yield "explanation.json", told.encode()


def _pair(baseline: Pixels, other: bytes) -> bytes:
    return encode(beside(baseline, decode(other).pixels), "image/png")


def _pictures(explanation: Explanation) -> Iterator[tuple[str, Digest, bool]]:
    """Name, picture, and whether it is to stand beside the take made again."""
    for number, pair in enumerate(explanation.counterfactuals, start=1):
        stem = f"{_numbered(number)}-{slug_of(pair.choice)}"
        if pair.picture is not None:
            yield f"pair-{stem}.png", pair.picture, True
        if pair.difference is not None:
            yield f"difference-{stem}.png", pair.difference, False
    for number, one in enumerate(explanation.word_maps, start=1):
        stem = f"{_numbered(number)}-{slug_of(one.phrase)}"
        yield f"map-{stem}.png", one.overlay, False
        yield f"map-{stem}-raw.png", one.raw, False
    for number, step in enumerate(explanation.path, start=1):
        if step.difference is not None:
            yield f"path-{_numbered(number)}.png", step.difference, False


def _numbered(number: int) -> str:
    return f"{number:02d}" if number < _FEW else str(number)
