"""What else decides a diffusers picture: versions, the machine, the parts, the scheduler."""

import functools
import platform
from collections.abc import Callable, Iterator
from importlib import metadata
from typing import Any

from remarque.engines.diffusers_calls import Pipe
from remarque.model.canonical import Json
from remarque.model.recipe import Setting

_LIBRARIES = (
    "diffusers",
    "transformers",
    "torch",
    "peft",
    "accelerate",
    "safetensors",
    "tokenizers",
    "numpy",
    "xformers",
    "bitsandbytes",
)
_SCHEDULES = ("karras", "exponential", "beta", "lu_lambdas")
_ROLES = (
    ("unet", "unet"),
    ("transformer", "unet"),
    ("prior", "unet"),
    ("decoder", "unet"),
    ("text_encoder", "text_encoder"),
    ("vae", "vae"),
    ("vqgan", "vae"),
    ("controlnet", "control"),
    ("adapter", "control"),
)


def environment() -> tuple[Setting, ...]:
    """Versions and switches of this process and machine that can change pixels."""
    return tuple(Setting(name, value) for name, value in _facts())


def parts_of(pipe: Pipe) -> dict[str, Any]:
    """The parts of a pipeline by name; missing ones left aside."""
    return {name: part for name, part in pipe.components.items() if part is not None}


def modules_in(parts: dict[str, Any]) -> dict[str, Any]:
    """Those of the parts that have weights."""
    import torch

    return {name: part for name, part in parts.items() if isinstance(part, torch.nn.Module)}


def role_of(part: str) -> str:
    """The role of a part in the words of ModelFile."""
    return next((role for start, role in _ROLES if part.startswith(start)), "other")


def describe_part(part: Any) -> Json:  # noqa: ANN401  any part of a pipeline
    """Class, and where it has them the number type, device, and attention of a part."""
    facts: dict[str, Json] = {"class": f"{type(part).__module__}.{type(part).__qualname__}"}
    for name in ("dtype", "device"):
        value = getattr(part, name, None)
        if value is not None:
            facts[name] = str(value).removeprefix("torch.")
    attention = getattr(part, "attn_processors", None)
    if isinstance(attention, dict):
        facts["attention"] = sorted({type(one).__qualname__ for one in attention.values()})
    return facts


def scheduler_class(pipe: Pipe) -> str | None:
    """The class of the scheduler: what other programs call the sampler."""
    scheduler = getattr(pipe, "scheduler", None)
    return type(scheduler).__qualname__ if scheduler is not None else None


def schedule_name(pipe: Pipe) -> str | None:
    """The noise schedule, where the scheduler was told to use a named one."""
    config = getattr(getattr(pipe, "scheduler", None), "config", None) or {}
    named = [
        name for name in _SCHEDULES if config.get(f"use_{name}_sigmas") or config.get(f"use_{name}")
    ]
    return named[0] if named else None


def scheduler_config(pipe: Pipe) -> Json:
    """The scheduler's whole configuration; what JSON cannot say is written as text."""
    config = getattr(getattr(pipe, "scheduler", None), "config", None) or {}
    return {str(name): _plain(value) for name, value in config.items()}


def _plain(value: object) -> Json:
    if value is None or isinstance(value, bool | int | str):
        return value
    if isinstance(value, float):
        return value if abs(value) < float("inf") else str(value)
    return [_plain(item) for item in value] if isinstance(value, list | tuple) else str(value)


def _facts() -> Iterator[tuple[str, str]]:
    yield "python", platform.python_version()
    yield "system", f"{platform.system()} {platform.machine()}"
    yield from _versions()
    for name, ask in _torch_facts().items():
        try:
            yield name, str(ask())
        except (AttributeError, RuntimeError, AssertionError):  # another build of torch lacks it
            continue
    yield from _cuda_facts()


@functools.cache  # what is loaded stays loaded; reading it anew costs milliseconds
def _versions() -> tuple[tuple[str, str], ...]:
    found = []
    for library in _LIBRARIES:
        try:
            found.append((library, metadata.version(library)))
        except metadata.PackageNotFoundError:
            continue
    return tuple(found)


def _torch_facts() -> dict[str, Callable[[], object]]:
    torch = _untyped_torch()
    backends = torch.backends
    return {
        "torch threads": torch.get_num_threads,
        "CPU capability": backends.cpu.get_cpu_capability,
        "oneDNN": lambda: backends.mkldnn.is_available() and backends.mkldnn.enabled,
        "float32 matrix precision": torch.get_float32_matmul_precision,
        "deterministic algorithms": torch.are_deterministic_algorithms_enabled,
        "default number type": lambda: str(torch.get_default_dtype()).removeprefix("torch."),
        "attention: flash": backends.cuda.flash_sdp_enabled,
        "attention: memory efficient": backends.cuda.mem_efficient_sdp_enabled,
        "attention: mathematical": backends.cuda.math_sdp_enabled,
    }


def _untyped_torch() -> Any:  # noqa: ANN401  its switches are only partly typed
    import torch

    return torch


def _cuda_facts() -> Iterator[tuple[str, str]]:
    torch = _untyped_torch()
    if torch.backends.mps.is_available():
        yield "device", "Apple Metal"
    if not (torch.cuda.is_available() and torch.cuda.is_initialized()):
        return
    current = torch.cuda.current_device()
    yield "device", torch.cuda.get_device_name(current)
    yield "compute capability", "{}.{}".format(*torch.cuda.get_device_capability(current))
    yield "CUDA", str(torch.version.cuda or torch.version.hip)
    yield "cuDNN", str(torch.backends.cudnn.version())
    yield "cuDNN benchmark", str(torch.backends.cudnn.benchmark)
    yield "cuDNN deterministic", str(torch.backends.cudnn.deterministic)
    yield "TF32", str(torch.backends.cuda.matmul.allow_tf32)
