"""The house as it is built: light imports, one public door, small rooms."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

import remarque

SOURCE = Path(remarque.__file__).parent
MODULES = sorted(SOURCE.rglob("*.py"))
HEAVY = ["numpy", "cv2", "PIL", "torch", "c2pa", "typst", "sqlalchemy", "sqlite3", "httpx"]


def loaded_after(statement: str) -> set[str]:
    code = f"{statement}; import sys; print('\\n'.join(sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    return set(done.stdout.split())


def test_import_remarque_is_light():
    loaded = loaded_after("import remarque")
    assert not loaded & set(HEAVY)
    assert {name for name in loaded if name.startswith("remarque.")} == set()


def test_the_verifier_loads_no_store_no_network_and_no_writer():
    loaded = loaded_after("import remarque.verifying.bundle, remarque.verifying.audit")
    assert not loaded & {"sqlite3", "sqlalchemy", "httpx", "torch", "c2pa", "typst", "cv2"}
    floors = ("remarque.store", "remarque.ledger", "remarque.actions", "remarque.outside")
    assert not [name for name in loaded if name.startswith(floors)]


def test_the_command_line_starts_without_the_heavy_rooms():
    loaded = loaded_after("import remarque.cli.main")
    assert not loaded & {"cv2", "torch", "c2pa", "typst", "sqlalchemy"}


def test_every_public_name_exists_and_is_documented():
    assert sorted(remarque.__all__) == sorted(remarque._HOMES)
    for name in remarque.__all__:
        assert getattr(remarque, name).__doc__, name


def test_an_unknown_name_is_an_attribute_error():
    with pytest.raises(AttributeError, match="no public name"):
        _ = remarque.nothing_of_the_kind


def functions_of(module: Path) -> list[ast.FunctionDef | ast.AsyncFunctionDef]:
    tree = ast.parse(module.read_text(encoding="utf-8"))
    kinds = (ast.FunctionDef, ast.AsyncFunctionDef)
    return [node for node in ast.walk(tree) if isinstance(node, kinds)]


@pytest.mark.parametrize("module", MODULES, ids=lambda path: str(path.relative_to(SOURCE)))
def test_rooms_are_small(module):
    assert len(module.read_text(encoding="utf-8").splitlines()) <= 400
    for function in functions_of(module):
        assert function.end_lineno - function.lineno + 1 <= 60, function.name


def test_no_module_is_called_after_nothing():
    empty = {"utils", "util", "helpers", "helper", "common", "misc", "manager", "data", "info"}
    assert not [path for path in MODULES if path.stem in empty]
