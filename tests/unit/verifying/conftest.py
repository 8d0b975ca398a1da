"""A good bundle, and the checker without openssl."""

import pytest

from stand_ins.bundle_surgery import (
    bundle_of,
    files_of,
    loaded_checker,
)
from stand_ins.proven_case import proven_case


@pytest.fixture
def no_openssl_for_the_checker(monkeypatch):
    """It then cannot decide the timestamps, and runs fast; digests decide all the same."""
    monkeypatch.setattr(loaded_checker()["shutil"], "which", lambda _name: None)


@pytest.fixture
def good(tmp_path):
    case = proven_case()
    return case, files_of(bundle_of(case, tmp_path / "good.zip"))
