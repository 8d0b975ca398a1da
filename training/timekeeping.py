"""How long each stage of a run really took, over all its starts."""

import json
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

_FILE = "seconds.json"


def stage_seconds(folder: Path) -> dict[str, float]:
    """Return the wall-clock seconds spent so far on each stage of the run in `folder`."""
    path = folder / _FILE
    if not path.exists():
        return {}
    kept: dict[str, float] = json.loads(path.read_text("utf-8"))
    return kept


@contextmanager
def timed(folder: Path, stage: str) -> Iterator[None]:
    """Add the time spent inside to the stage's account, also when it is interrupted."""
    began = time.monotonic()
    try:
        yield
    finally:
        kept = stage_seconds(folder)
        kept[stage] = kept.get(stage, 0.0) + time.monotonic() - began
        (folder / _FILE).write_text(json.dumps(kept, indent=1), "utf-8")
