"""What travels in a bundle works by itself: the commands of VERIFY.md and check.py alone."""

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from remarque.casefile.bundle_texts import checker_source
from stand_ins.bundle_surgery import bundle_of, files_of, sums_of, unpack
from stand_ins.proven_case import proven_case

NEEDED = ("bash", "openssl", "sha256sum", "base64", "diff")
needs_tools = pytest.mark.skipif(
    not all(shutil.which(name) for name in NEEDED), reason=f"needs {', '.join(NEEDED)}"
)


def run(*command, cwd):
    return subprocess.run(command, check=False, cwd=cwd, capture_output=True, text=True)


def run_blocks(folder):
    """Exit status and output of each shell block of VERIFY.md, pasted in the unpacked folder."""
    text = (folder / "VERIFY.md").read_text()
    blocks = re.findall(r"^```sh\n(.*?)^```$", text, re.MULTILINE | re.DOTALL)
    done = [run("bash", "-c", block, cwd=folder) for block in blocks]
    return [(each.returncode, each.stdout) for each in done]


@pytest.fixture
def unpacked(tmp_path):
    files = files_of(bundle_of(proven_case(), tmp_path / "good.zip"))
    return files, unpack(files, tmp_path / "bundle")


@needs_tools
def test_every_command_of_verify_md_succeeds_on_a_good_bundle(unpacked):
    _, folder = unpacked
    results = run_blocks(folder)
    assert [status for status, _ in results] == [0] * 7
    assert all(re.search("^OK", text, re.MULTILINE) for _, text in results[:6])
    assert proven_case().material.key_id in results[1][1]
    assert "CANNOT DECIDE" in results[6][1]
    assert "FAILED" not in "".join(text for _, text in results)


@needs_tools
def test_without_timestamps_it_says_so(tmp_path):
    case = proven_case(stamps="none")
    folder = unpack(files_of(bundle_of(case, tmp_path / "b.zip")), tmp_path / "bundle")
    results = run_blocks(folder)
    assert [status for status, _ in results] == [0] * 7
    assert "the author's own word" in results[5][1]


@needs_tools
def test_the_known_authority_is_named_when_its_root_is_given(unpacked, tmp_path):
    _, folder = unpacked
    root = tmp_path / "root.pem"
    root.write_bytes(proven_case().root_pem)
    text = (folder / "VERIFY.md").read_text()
    (folder / "VERIFY.md").write_text(text.replace("/etc/ssl/certs/ca-certificates.crt", str(root)))
    assert "OK  known: https://stamps.example/tsa" in run_blocks(folder)[6][1]


def bent_files(files):
    """Name of the block that must fail, counted from 1, for each way a bundle is bent."""
    entry, proof = "ledger/entries/00000004.json", "ledger/proofs/00000004.tlog-proof"
    new, old = "ledger/checkpoints/00000010.note", "ledger/checkpoints/00000004.note"
    join = "ledger/consistency/00000004-00000010.json"
    stamp = "timestamps/00000004/1.tsr"
    yield 1, {**files, "case.pdf": b"other"}
    yield 1, {**files, "extra.pdf": b"added"}
    yield 1, {name: content for name, content in files.items() if name != "case.pdf"}
    yield 2, {**files, "bundle.json": files["bundle.json"].replace(b"Camellia", b"Camelia")}
    yield 3, {**files, entry: files[entry].replace(b"camellia 0", b"camellia 9")}
    yield 3, {**files, proof: files[proof].replace(b"index 4", b"index 5")}
    yield 4, {**files, old: files[old].replace(b"\n4\n", b"\n5\n")}
    yield 5, {**files, join: files[join].replace(b'["', b'["' + b"A" * 43 + b'=","')}
    yield 5, {**files, new: files[old]}
    yield 6, {**files, stamp: files["timestamps/00000010/1.tsr"]}


@needs_tools
def test_each_way_to_bend_a_bundle_fails_visibly_in_its_own_step(unpacked, tmp_path):
    files, _ = unpacked
    for number, (block, bent) in enumerate(bent_files(files)):
        folder = unpack({**bent, "SHA256SUMS": sums_of(bent)}, tmp_path / str(number))
        results = run_blocks(folder)
        assert results[0][0] == (0 if block == 2 else 1), number  # 2: the list itself was bent
        assert results[block - 1][0] == 1, number
        assert "FAILED" in results[block - 1][1], number


@needs_tools
def test_numbers_in_a_hostile_bundle_are_never_run_as_commands(unpacked, tmp_path):
    files, _ = unpacked
    trap = b"a[$(touch${IFS}trapped)]"
    proof, note = "ledger/proofs/00000004.tlog-proof", "ledger/checkpoints/00000004.note"
    bent = {
        **files,
        proof: files[proof].replace(b"index 4", b"index " + trap),
        note: files[note].replace(b"\n4\n", b"\n" + trap + b"\n"),
    }
    folder = unpack(bent, tmp_path / "hostile")
    (folder / "ledger/entries" / "a[$(touch trapped)].json").write_bytes(b"{}")
    (folder / "ledger/checkpoints" / "a[$(touch trapped)].note").write_bytes(b"x\n\ny\n")
    run_blocks(folder)
    assert not list(folder.rglob("trapped"))


def test_check_py_is_one_file_of_the_standard_library(unpacked):
    _, folder = unpacked
    source = (folder / "check.py").read_text()
    imported = set(re.findall(r"^(?:from|import) ([a-z0-9_]+)", source, re.MULTILINE))
    assert imported <= set(sys.stdlib_module_names)
    assert source.encode() == checker_source()


def older_pythons():
    """This Python, and the oldest one that is promised, where it is installed."""
    works = shutil.which("python3.8") and not run("python3.8", "-c", "", cwd=None).returncode
    return [sys.executable, *(["python3.8"] if works else [])]


@pytest.mark.parametrize("python", older_pythons())
def test_check_py_runs_alone(python, unpacked, tmp_path):
    _, folder = unpacked
    root = tmp_path / "root.pem"
    root.write_bytes(proven_case().root_pem)

    def status(*arguments, cwd=folder):
        return run(python, "-I", str(folder / "check.py"), *map(str, arguments), cwd=cwd)

    expected = 0 if shutil.which("openssl") else 3
    assert status("--root", root).returncode == expected
    assert status("--root", root, tmp_path / "good.zip").returncode == expected
    undecided = status(cwd=tmp_path)
    assert (undecided.returncode, "cannot decide" in undecided.stdout) == (3, True)
    assert status(tmp_path / "absent.zip").returncode == 2
    (folder / "case.pdf").write_bytes(b"other")
    failed = status("--root", root)
    assert failed.returncode == 1
    assert "FAILS          file: case.pdf was changed" in failed.stdout
    (tmp_path / "no.zip").write_bytes(b"no zip")
    assert status(tmp_path / "no.zip").returncode == 1
    assert sorted(path.name for path in folder.rglob("__pycache__")) == []


def test_nothing_in_a_bundle_names_the_machine_it_was_made_on(unpacked):
    files, _ = unpacked
    text = b"".join(content for name, content in files.items() if not name.endswith("png"))
    assert str(Path.cwd()).encode() not in text
    assert str(Path(sys.prefix)).encode() not in text
