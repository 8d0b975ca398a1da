"""What the running ComfyUI tells of itself, as names and values; no Remarque is needed for it."""

import re
import sys
from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path

import comfyui_version
import folder_paths
import nodes

# Start-up options that change what is computed. Others (addresses, folders) are private.
PIXEL_OPTIONS = (
    "--force-fp", "--fp", "--bf16", "--fp8", "--use-", "--cpu", "--directml", "--oneapi",
    "--deterministic", "--fast", "--disable-xformers", "--force-upcast", "--dont-upcast",
    "--force-channels-last", "--supports-fp8", "--gpu-only", "--highvram", "--normalvram",
    "--lowvram", "--novram", "--async-offload", "--force-non-blocking",
)  # fmt: skip
_LONGEST = 200
_LARGEST_CARD = 1 << 20
# The line of [project] in pyproject.toml; Python 3.10 has no reader for TOML.
_VERSION = re.compile(r"^version\s*=\s*[\"']([^\"'\n]{1,100})[\"']", re.MULTILINE)


def program_name() -> str:
    """``ComfyUI 0.3.64``."""
    return f"ComfyUI {comfyui_version.__version__}"


@lru_cache(maxsize=1)
def environment() -> tuple[tuple[str, str], ...]:
    """Everything that can change pixels; asked once, for none of it changes while ComfyUI runs."""
    options = [
        text.partition("=")[0]
        for text in sys.argv
        if text.startswith(PIXEL_OPTIONS) and len(text) < _LONGEST
    ]
    told = [("python", " ".join(sys.version.split())[:_LONGEST]), ("os", sys.platform)]
    told += _computing()
    if options:
        told.append(("options", " ".join(options)))
    return (*told, *_custom_nodes())


def _computing() -> Iterator[tuple[str, str]]:
    """Torch, device, attention and precision, as far as this ComfyUI tells them."""
    torch = sys.modules.get("torch")
    if torch is not None:
        yield "torch", str(torch.__version__)
        deterministic = torch.are_deterministic_algorithms_enabled()
        yield "deterministic algorithms", str(deterministic).lower()
    management = sys.modules.get("comfy.model_management")
    if management is None:
        return
    yield "device", str(management.get_torch_device_name(management.get_torch_device()))
    attentions = ("sage", "flash", "xformers", "pytorch")
    enabled = (getattr(management, f"{name}_attention_enabled", None) for name in attentions)
    xformers = getattr(management, "xformers_enabled", None)
    named = [name for name, ask in zip(attentions, enabled, strict=True) if ask and ask()]
    if xformers is not None and xformers():
        named.append("xformers")
    yield "attention", " ".join(named) or "basic"
    half = getattr(management, "should_use_fp16", None)
    if half is not None:
        yield "half precision", str(half()).lower()


def _custom_nodes() -> Iterator[tuple[str, str]]:
    """Each custom node package that was loaded, with the version it says it has."""
    homes = [Path(home).resolve() for home in folder_paths.get_folder_paths("custom_nodes")]
    for folder in sorted(set(nodes.LOADED_MODULE_DIRS.values())):
        place = Path(folder).resolve()
        if place.parent in homes:
            yield f"custom node {place.name}", _version_in(place) or "version not told"


def _version_in(folder: Path) -> str | None:
    try:
        with (folder / "pyproject.toml").open(encoding="utf-8") as source:
            project = source.read(_LARGEST_CARD).partition("[project]")[2]
    except (OSError, ValueError):
        return None
    found = _VERSION.search(project.partition("\n[")[0])
    return found.group(1) if found else None
