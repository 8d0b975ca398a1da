"""Reading real files beside sd-parsers: fields right, missed and invented, pictures a second.

The truth is what a person read in the raw chunks (``shared/samples/ground_truth.json``). A peer's
value counts as right if it is the same text or number, whatever type it comes in; a value where
the file has none, or another value than the file's, counts as invented.
"""

import json
import time
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path

from remarque.intake import read_picture
from table import Row

SAMPLES = Path(__file__).parents[2] / "shared" / "samples"
ROUNDS = 5
FIELDS = ("prompt", "negative_prompt", "seed", "steps", "cfg", "sampler", "scheduler", "model")
_PEER_KEYS = {
    "seed": ("seed", "noise_seed"),
    "steps": ("steps",),
    "cfg": ("cfg_scale", "cfg", "guidance_scale", "scale"),
    "scheduler": ("scheduler",),
}


def measure() -> Iterator[Row]:
    """The rows of this table, measured now."""
    truth_file = SAMPLES / "ground_truth.json"
    if not truth_file.is_file():
        yield Row("reading", None, "", "the shared samples are not beside this checkout")
        return
    truths = json.loads(truth_file.read_text("utf-8"))["files"]
    yield from _rows("Remarque", truths, _read_ours)
    try:
        from sd_parsers import Eagerness, ParserManager
    except ImportError:
        yield Row("sd-parsers", None, "", "not installed: pip install -r benchmarks/peers.txt")
        return
    for name, eagerness in (("default", Eagerness.DEFAULT), ("EAGER", Eagerness.EAGER)):
        manager = ParserManager(eagerness=eagerness)
        yield from _rows(f"sd-parsers 0.6, {name}", truths, lambda p, m=manager: _read_peer(m, p))


def _rows(who: str, truths: list[dict], read: Callable[[Path], dict]) -> Iterator[Row]:
    paths = [SAMPLES / truth["path"] for truth in truths]
    start = time.process_time()
    for _ in range(ROUNDS):
        answers = [read(path) for path in paths]
    seconds = time.process_time() - start
    counted: Counter[str] = Counter()
    for truth, answer in zip(truths, answers, strict=True):
        counted.update(_judge(truth[field], answer.get(field)) for field in FIELDS)
    yield Row(f"{who}: fields right", counted["right"], f"of {_known(truths)} in the files")
    yield Row(f"{who}: fields missed", counted["missed"], "")
    yield Row(f"{who}: values that are not in the file so", counted["invented"], "")
    yield Row(f"{who}: speed", ROUNDS * len(paths) / seconds, "pictures/s of one core")


def _known(truths: list[dict]) -> int:
    return sum(truth[field] is not None for truth in truths for field in FIELDS)


def _judge(true: object, said: object) -> str:
    if _plain(said) is None or (said == "" and true is None):
        return "unknown to both" if true is None else "missed"
    return "right" if _plain(said) == _plain(true) else "invented"


def _plain(value: object) -> object:
    """One form for numbers and texts, so that ``"5"`` and ``5.0`` are the same answer."""
    if value is None:
        return None
    try:
        return float(str(value))
    except ValueError:
        return str(value).replace("\r\n", "\n").strip()


def _read_ours(path: Path) -> dict:
    recipe = read_picture(path.read_bytes()).recipe
    return {field: getattr(recipe, field) for field in FIELDS}


def _read_peer(manager: object, path: Path) -> dict:
    """The peer's answer for the first sampler, as the truth is for the first one."""
    try:
        told = manager.parse(path)
    except Exception:  # noqa: BLE001 - a peer that breaks off has read nothing
        return {}
    if told is None or not told.samplers:
        return {}
    sampler = told.samplers[0]
    answer = {
        "prompt": ", ".join(prompt.value for prompt in sampler.prompts) or None,
        "negative_prompt": ", ".join(p.value for p in sampler.negative_prompts),
        "sampler": sampler.name,
        "model": sampler.model.name if sampler.model else None,
    }
    for field, keys in _PEER_KEYS.items():
        answer[field] = next(
            (v for k in keys if (v := sampler.parameters.get(k)) is not None), None
        )
    return answer
