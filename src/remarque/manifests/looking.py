"""One look of the c2pa library (0.38, c2pa-rs 0.91) at a file; nothing else reads with it."""

import io
from dataclasses import dataclass
from typing import cast

from c2pa import Context, Reader

from remarque.model.canonical import Json


@dataclass(frozen=True, slots=True)
class Look:
    """What the library says: its verdict, the whole store as JSON text, and two parts of it.

    ``verdict`` is ``Trusted``, ``Valid`` or ``Invalid``; ``manifest`` the active manifest,
    ``results`` the validation results (C2PA 2.2 §15), both empty where there are none.
    """

    verdict: str
    text: str
    manifest: Json
    results: Json


def look_at(content: bytes, media_type: str, settings: Json) -> Look:
    """Read a manifest store with these settings of the library.

    Raises:
        c2pa.C2paError: Whatever the library raises; callers make a state of it.
    """
    with (
        cast("Context", Context.from_dict(settings)) as context,
        Reader(media_type, io.BytesIO(content), context=context) as reader,
    ):
        return Look(
            verdict=reader.get_validation_state() or "",
            text=reader.json(),
            manifest=reader.get_active_manifest() or {},
            results=reader.get_validation_results() or {},
        )
