"""Words the house does not use in what people read, and paths it never carries."""

import re
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


def tracked(*patterns: str) -> list[Path]:
    done = subprocess.run(
        ["git", "ls-files", "-z", *patterns], cwd=ROOT, capture_output=True, text=True, check=False
    )
    if done.returncode != 0:
        pytest.skip("not a git checkout")
    return [ROOT / name for name in done.stdout.split("\0") if name and (ROOT / name).is_file()]


def test_no_text_promises_what_a_record_cannot():
    promises = re.compile(
        r"you own the copyright|guaranteed to win|proves? (that )?you are the author", re.IGNORECASE
    )
    allowed = {"docs/explanation/words.md", "CONTRIBUTING.md"}
    for path in tracked("src/*.py", "src/*.typ", "docs/*.md", "README.md"):
        if str(path.relative_to(ROOT)) in allowed:
            continue
        assert not promises.search(path.read_text(encoding="utf-8")), path


def test_no_relative_path_in_the_docs_is_broken():
    link = re.compile(r"\]\((?!https?:|#|mailto:)([^)#]+)")
    for path in tracked("*.md"):
        for target in link.findall(path.read_text(encoding="utf-8")):
            assert (path.parent / target).exists(), f"{path.relative_to(ROOT)} -> {target}"
