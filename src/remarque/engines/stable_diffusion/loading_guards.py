"""What surrounds every loading: the libraries are there, they are quiet, and their errors are ours.

The libraries draw bars and write warnings while they load, and raise whatever their parts raise.
"""

import contextlib
import warnings
from collections.abc import Iterator
from threading import RLock
from typing import Any

from remarque.errors import LibraryMissing, ModelDamaged, OutOfMemory, RemarqueError

_QUIET = RLock()
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
    """Without bars and warnings of the libraries; they are as they were afterwards.

    One at a time: the switches are those of the whole process.
    """
    with _QUIET:
        speakers = _speakers()
        levels = [(one, one.get_verbosity(), one.is_progress_bar_enabled()) for one in speakers]
        for one in speakers:
            one.set_verbosity_error()
            one.disable_progress_bar()
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                yield
        finally:
            for one, level, bars in levels:
                one.set_verbosity(level)
                if bars:
                    one.enable_progress_bar()


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


def _speakers() -> list[Any]:
    from diffusers.utils import logging as of_diffusers
    from transformers.utils import logging as of_transformers

    return [of_diffusers, of_transformers]


def _reason(error: Exception) -> str:
    """The first line the library says, without paths of this machine."""
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    words = [
        word for word in (lines[0] if lines else type(error).__name__).split() if "/" not in word
    ]
    said = " ".join(words)[:_LONGEST_REASON] or type(error).__name__
    return said if said.endswith(".") else f"{said}."
