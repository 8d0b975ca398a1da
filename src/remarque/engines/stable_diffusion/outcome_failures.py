"""What libraries raise while a picture is made, in one sentence each of our own."""

import traceback
from collections.abc import Iterator
from contextlib import contextmanager

from remarque.engines.stable_diffusion.machine import Place, make_room
from remarque.errors import LibraryMissing, MakingFailed, OutOfMemory, RemarqueError

_LONGEST_CAUSE = 200
# How builds of torch say it that raise a plain RuntimeError (c10/core/CPUAllocator, MPS, oneDNN).
_NO_ROOM = ("out of memory", "can't allocate memory", "not enough memory", "could not allocate")


@contextmanager
def explained(place: Place) -> Iterator[None]:
    """Turn what libraries raise into Remarque's own errors; free the device where it was full.

    Raises:
        OutOfMemory: The device has too little memory.
        LibraryMissing: A library is not installed.
        MakingFailed: Anything else.
    """
    problem: RemarqueError
    try:
        yield
        return  # noqa: TRY300  what comes after is for runs that failed
    except RemarqueError:
        raise
    except Exception as error:  # noqa: BLE001  the libraries raise whatever they like
        problem = _problem(error, place)
        if isinstance(problem, OutOfMemory):
            # Its frames hold the very tensors that fill the device.
            traceback.clear_frames(error.__traceback__)
            error.__traceback__ = None
            error.__context__ = None
        else:
            problem.__cause__ = error
    if isinstance(problem, OutOfMemory):
        make_room(place)
    raise problem


def _problem(error: Exception, place: Place) -> RemarqueError:
    if _is_full(error):
        return OutOfMemory(f"the memory of {place.device} is too small for this picture")
    if isinstance(error, ImportError):
        return LibraryMissing(f"making this picture needs a library: {_short(error)}")
    return MakingFailed(f"the run ended with {type(error).__name__}: {_short(error)}")


def _is_full(error: Exception) -> bool:
    import torch

    if isinstance(error, MemoryError | torch.OutOfMemoryError):
        return True
    text = str(error).lower()
    return isinstance(error, RuntimeError) and any(said in text for said in _NO_ROOM)


def _short(error: Exception) -> str:
    text = " ".join(str(error).split())
    return text[:_LONGEST_CAUSE].rstrip(". ") or "no reason given"
