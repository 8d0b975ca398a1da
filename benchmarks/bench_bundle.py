"""Case file and bundle of a work of 200 takes: time, size, and verification."""

import subprocess
import sys
import tempfile
import time
import zipfile
from collections.abc import Iterator
from pathlib import Path

from bench_importing import draw_pictures
from remarque.actions.choosing import choose
from remarque.actions.finding_files import in_order_of_making
from remarque.actions.importing import import_pictures
from remarque.actions.proving import CaseWishes, write_case
from remarque.actions.works import open_work
from remarque.outside.loopback_authority import LoopbackAuthority
from remarque.verifying.bundle import examine_bundle
from remarque.wiring.clock import SystemClock
from remarque.wiring.initialising import Founding, make_vault
from remarque.wiring.vaults import open_vault
from table import Row

TAKES = 200
PASSPHRASE = "benchmark only"


def measure() -> Iterator[Row]:
    """The rows of this table, measured now."""
    with tempfile.TemporaryDirectory() as folder, LoopbackAuthority(SystemClock()) as authority:
        out = Path(folder)
        draw_pictures(out / "outputs", TAKES)
        founding = Founding("Benchmark", PASSPHRASE, (authority.url,), (authority.root_pem,))
        make_vault(out / "vault", founding)
        with open_vault(out / "vault", passphrase=PASSPHRASE) as vault:
            work, _ = open_work(vault, "Two hundred takes")
            files = in_order_of_making((out / "outputs").iterdir())
            list(import_pictures(vault, files, work))
            choose(vault, files[-1].name, [], "benchmark")
            vault.keys.unlock()
            start = time.perf_counter()
            case = write_case(vault, work, CaseWishes(out=out / "case"))
            yield Row(
                f"case.pdf and bundle.zip of {TAKES} takes",
                time.perf_counter() - start,
                "s",
                "timestamp, PDF, zip and a full check of it; aim under 10 s",
            )
        yield Row("bundle.zip", case.bundle.stat().st_size / 1e6, "MB")
        yield Row("case.pdf", case.pdf.stat().st_size / 1e6, "MB")
        start = time.perf_counter()
        report = examine_bundle(case.bundle, roots=(authority.root_pem,))
        seconds = time.perf_counter() - start
        yield Row("remarque verify", seconds, "s", f"outcome {report.outcome}")
        (out / "root.pem").write_bytes(authority.root_pem)
        yield _stand_alone(case.bundle, out)


def _stand_alone(bundle: Path, out: Path) -> Row:
    with zipfile.ZipFile(bundle) as archive:
        archive.extract("check.py", out)
    start = time.perf_counter()
    command = [sys.executable, str(out / "check.py"), str(bundle), "--root", str(out / "root.pem")]
    done = subprocess.run(command, capture_output=True, check=False)
    seconds = time.perf_counter() - start
    return Row("check.py, standard library only", seconds, "s", f"exit code {done.returncode}")
