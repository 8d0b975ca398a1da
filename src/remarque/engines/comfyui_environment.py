"""The facts of a ComfyUI installation that change pixels, as settings of a witness.

Source of the form: the ``/system_stats`` route in ComfyUI's ``server.py``.
"""

from collections.abc import Iterator, Mapping, Sequence

from remarque.model.canonical import Json
from remarque.model.recipe import Setting

_LONGEST = 200
_MOST_DEVICES = 16
# Start-up options that change what is computed. Others (addresses, folders) are private.
_PIXEL_OPTIONS = (
    "--force-fp", "--fp", "--bf16", "--fp8", "--use-", "--cpu", "--directml", "--oneapi",
    "--deterministic", "--fast", "--disable-xformers", "--force-upcast", "--dont-upcast",
    "--force-channels-last", "--supports-fp8", "--gpu-only", "--highvram", "--normalvram",
    "--lowvram", "--novram", "--async-offload", "--force-non-blocking",
)  # fmt: skip


def program_of(stats: Json) -> str:
    """``ComfyUI 0.3.64``, or ``ComfyUI`` where the version is not told."""
    version = _text(_part(stats, "system").get("comfyui_version"))
    return f"ComfyUI {version}" if version else "ComfyUI"


def environment_of(stats: Json) -> tuple[Setting, ...]:
    """Versions, devices and pixel-changing options in an answer of ``/system_stats``."""
    system = _part(stats, "system")
    found = [
        Setting(name, text)
        for name, key in (
            ("python", "python_version"),
            ("torch", "pytorch_version"),
            ("os", "os"),
        )
        if (text := _text(system.get(key)))
    ]
    found += _devices(stats)
    options = pixel_options(system.get("argv"))
    if options:
        found.append(Setting("options", " ".join(options)))
    return tuple(found)


def pixel_options(arguments: Json) -> tuple[str, ...]:
    """Of the program's start-up options those that change what is computed, without values."""
    if not isinstance(arguments, Sequence) or isinstance(arguments, str):
        return ()
    return tuple(
        text.partition("=")[0]
        for text in arguments
        if isinstance(text, str) and text.startswith(_PIXEL_OPTIONS) and len(text) < _LONGEST
    )


def _devices(stats: Json) -> Iterator[Setting]:
    listed = stats.get("devices") if isinstance(stats, dict) else None
    for device in listed[:_MOST_DEVICES] if isinstance(listed, list) else ():
        name = _text(device.get("name")) if isinstance(device, dict) else ""
        if name:
            yield Setting("device", name)


def _part(stats: Json, name: str) -> Mapping[str, Json]:
    part = stats.get(name) if isinstance(stats, dict) else None
    return part if isinstance(part, dict) else {}


def _text(value: Json) -> str:
    """One line of text; empty for anything else."""
    return " ".join(value.split())[:_LONGEST] if isinstance(value, str) else ""
