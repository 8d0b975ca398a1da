"""What surrounds every loading: the libraries are there, they are quiet, and their errors are ours.

The libraries draw bars and write warnings while they load, and raise whatever their parts raise.
"""

import contextlib
import logging
import warnings
from collections.abc import Callable, Iterator
from threading import RLock
from typing import Any

from remarque.errors import LibraryMissing, ModelDamaged, OutOfMemory, RemarqueError

_QUIET = RLock()
_TALKATIVE = (
    "diffusers",
    "transformers",
    "huggingface_hub",
    "accelerate",
    "peft",
    "torch",
    "httpx",
)
_LONGEST_REASON = 200


def require_libraries() -> None:
    """Import what making needs.

    Raises:
        LibraryMissing: torch, diffusers or transformers are not installed.
    """
    try:
        import diffusers
        import torch
        import transformers  # noqa: F401  all three are asked for at once
    except ImportError as error:
        named = error.name or "a library"
        raise LibraryMissing(f"Making pictures here needs {named}, which is missing.") from None
    del diffusers, torch


@contextlib.contextmanager
def quietly() -> Iterator[None]:
    """Without bars, log lines and warnings of the libraries, errors apart.

    They are as they were afterwards. One at a time: the switches are those of the whole process.
    """
    with _QUIET, warnings.catch_warnings(), contextlib.ExitStack() as afterwards:
        warnings.simplefilter("ignore")
        speakers = _speakers()
        for name in _TALKATIVE:
            afterwards.callback(_hush(logging.getLogger(name)))
        for one in speakers:
            if one.is_progress_bar_enabled():
                one.disable_progress_bar()
                afterwards.callback(one.enable_progress_bar)
        _hush_the_hub(afterwards)
        yield


@contextlib.contextmanager
def loading(name: str, error: type[RemarqueError] = ModelDamaged) -> Iterator[None]:
    """Load one model: what the libraries raise becomes one sentence that names it.

    Raises:
        OutOfMemory: There was too little memory for it.
        LibraryMissing: It needs a library that is not installed.
        RemarqueError: ``error``, with the first line of the library's reason.
    """
    import torch

    try:
        with quietly():
            yield
    except RemarqueError:
        raise
    except (MemoryError, torch.OutOfMemoryError):
        raise OutOfMemory(f"The model {name!r} does not fit into the memory there is.") from None
    except ImportError as missing:
        raise LibraryMissing(f"The model {name!r} needs {missing.name or 'a library'}.") from None
    except Exception as foreign:
        if "not enough memory" in str(foreign) or "out of memory" in str(foreign):
            raise OutOfMemory(f"The model {name!r} does not fit into the memory.") from None
        raise error(f"The model {name!r} cannot be loaded: {_reason(foreign)}") from foreign


def _hush(logger: logging.Logger) -> Callable[[], None]:
    """Let errors through alone; what puts the level back."""
    before = logger.level
    logger.setLevel(max(before, logging.ERROR))
    return lambda: logger.setLevel(before)


def _speakers() -> list[Any]:
    from diffusers.utils import logging as of_diffusers
    from transformers.utils import logging as of_transformers

    found = [of_diffusers, of_transformers]
    for one in found:
        one.get_verbosity()  # the first question sets their levels, which would undo ours
    return found


def _hush_the_hub(afterwards: contextlib.ExitStack) -> None:
    import huggingface_hub.utils

    bars: Any = huggingface_hub.utils  # its names are exported, but not so that types know
    if not bars.are_progress_bars_disabled():
        bars.disable_progress_bars()
        afterwards.callback(bars.enable_progress_bars)


def _reason(error: Exception) -> str:
    """The first sentence the library says, without paths of this machine."""
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    words = [
        word for word in (lines[0] if lines else type(error).__name__).split() if "/" not in word
    ]
    said = " ".join(words).split(". ")[0][:_LONGEST_REASON].rstrip(" :") or type(error).__name__
    if "size mismatch" in str(error):
        said = "its numbers have other sizes than this model's; it may be made for another family"
    return said if said.endswith(".") else f"{said}."
