"""Run every benchmark and write docs/reference/benchmarks.md.

``python benchmarks/run.py [NAME…]`` runs the named ones of BENCHMARKS only, and writes nothing.
"""

import os
import platform
import sys
from pathlib import Path

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")  # as the command line does, before numpy

import bench_bundle
import bench_explaining
import bench_importing
import bench_ledger
import bench_lineage
import bench_making
import bench_reading
import bench_recording
import bench_watching
from table import markdown

PAGE = Path(__file__).parents[1] / "docs" / "reference" / "benchmarks.md"
BENCHMARKS = {
    "ledger": ("The ledger", bench_ledger.measure),
    "importing": ("Import", bench_importing.measure),
    "reading": ("Reading what pictures say", bench_reading.measure),
    "recording": ("Recording a diffusers pipeline", bench_recording.measure),
    "watching": ("Watching a folder", bench_watching.measure),
    "lineage": ("Lineage", bench_lineage.measure),
    "making": ("Making", bench_making.measure),
    "explaining": ("Explaining", bench_explaining.measure),
    "bundle": ("Case file and bundle", bench_bundle.measure),
}


def main(names: list[str]) -> None:
    """Run the named benchmarks, or all and write the page."""
    tables = []
    for name, (title, measure) in BENCHMARKS.items():
        if names and name not in names:
            continue
        tables.append(markdown(title, measure()))
        print(tables[-1], flush=True)
    if not names:
        PAGE.write_text("\n".join([_head(), *tables]), encoding="utf-8")
        print(f"wrote {PAGE}")


def _head() -> str:
    return "\n".join(
        [
            "# Benchmarks",
            "",
            "*Written by `make bench`; every figure comes from one run of it.*",
            "",
            f"Machine: {os.cpu_count()} cores, {platform.machine()}, Python "
            f"{platform.python_version()}, {platform.system()}. Shared with other work, so read",
            "the figures beside their neighbours, not alone.",
            "",
        ]
    )


if __name__ == "__main__":
    main(sys.argv[1:])
