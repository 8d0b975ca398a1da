"""The shared sample files: real files nobody here wrote. Tests skip where the folder is absent."""

from pathlib import Path

import pytest

SAMPLES = Path(__file__).parents[2].parent / "shared" / "samples"


def sample(relative: str) -> Path:
    """The path of a shared sample; skips the test with a reason where it is absent."""
    path = SAMPLES / relative
    if not path.exists():
        pytest.skip(f"shared sample {relative} is not beside this checkout")
    return path


def samples_under(folder: str, pattern: str = "*") -> list[Path]:
    """All shared samples below a folder; an empty list where the folder is absent."""
    root = SAMPLES / folder
    return sorted(path for path in root.rglob(pattern) if path.is_file()) if root.exists() else []
