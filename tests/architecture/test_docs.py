"""The reference pages are what the code says."""

import importlib.util
from pathlib import Path

import pytest

DOCS = Path(__file__).parents[2] / "docs"


@pytest.mark.parametrize("page", ["cli.md", "errors.md"])
def test_the_generated_pages_are_fresh(page):
    spec = importlib.util.spec_from_file_location("generate", DOCS / "generate_reference.py")
    generate = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(generate)
    written = (DOCS / "reference" / page).read_text(encoding="utf-8")
    assert written == generate.PAGES[page](), "stale: run make docs"
