"""Hear of the calls of a diffusers pipeline without changing what the pipeline is.

Python looks ``__call__`` up on the class, so the class gets a wrapper while anything listens; it
passes every other instance straight through and carries the original's signature. ``type(pipe)``,
``isinstance``, pickling and ``save_pretrained`` stay as they were, which a subclass made on the fly
would change. A pipeline built inside from the parts of one that is listened to (``from_pipe``) is
listened to as well: the denoiser they share tells it.
"""

import functools
import threading
import weakref
from collections.abc import Callable, Mapping
from typing import Any

Pipe = Any
"""A diffusers pipeline; its classes carry no types that would help here."""


Ending = Callable[[object, BaseException | None], None]
"""Told of the result as the caller gets it, or of what was raised."""

Arguments = tuple[tuple[object, ...], dict[str, object]]

Begin = Callable[[Pipe, Callable[..., object], Arguments], tuple[Arguments, Ending]]
"""Told of a call: pipeline, original function, arguments; gives the arguments to call with.

It must not raise, and may exchange arguments only where the result stays the same.
"""

_DENOISERS = ("unet", "transformer", "transformer_2", "prior", "decoder")

_gate = threading.RLock()
_listening: dict[int, tuple["weakref.ref[Any]", list[Begin]]] = {}
_wrapped: dict[type, tuple[Any, Any]] = {}
"""Each class with what its own ``__call__`` was (or _ABSENT) and our wrapper."""
_ABSENT = object()
_registering: Callable[..., None] | None = None


def listen(pipe: Pipe, begin: Begin) -> None:
    """Have ``begin`` told of every call of this pipeline, until ``leave``."""
    with _gate:
        _watch_new_pipelines()
        key = id(pipe)
        if key not in _listening or _listening[key][0]() is not pipe:
            _listening[key] = (weakref.ref(pipe), [])
        if begin not in _listening[key][1]:
            _listening[key][1].append(begin)
        _wrap(type(pipe))


def leave(begin: Begin) -> None:
    """No longer tell ``begin``; where nobody listens any more the classes are as before."""
    with _gate:
        for key, (found, listeners) in list(_listening.items()):
            if begin in listeners:
                listeners.remove(begin)
            if not listeners or found() is None:
                del _listening[key]
        used = {type(pipe) for found, _ in _listening.values() if (pipe := found()) is not None}
        for kind in [kind for kind in _wrapped if kind not in used]:
            _unwrap(kind)
        if not _listening:
            _forget_new_pipelines()


def _listeners_of(pipe: Pipe) -> list[Begin]:
    with _gate:
        found = _listening.get(id(pipe))
        return list(found[1]) if found is not None and found[0]() is pipe else []


def _wrap(kind: type) -> None:
    if kind in _wrapped:
        return
    original = kind.__call__

    @functools.wraps(original)
    def call(self: Pipe, *given: object, **named: object) -> object:
        # A subclass that calls its parent's __call__ is one call, not two.
        listeners = _listeners_of(self) if type(self) is kind else []
        if not listeners:
            return original(self, *given, **named)
        return _call_heard(self, original, (given, named), listeners)

    _wrapped[kind] = kind.__dict__.get("__call__", _ABSENT), call
    setattr(kind, "__call__", call)  # noqa: B010  assigned on purpose: it is looked up there


def _unwrap(kind: type) -> None:
    before, ours = _wrapped[kind]
    if kind.__dict__.get("__call__") is not ours:
        return  # somebody wrapped it once more: ours stays beneath, and passes everything through
    del _wrapped[kind]
    if before is _ABSENT:
        delattr(kind, "__call__")
    else:
        setattr(kind, "__call__", before)  # noqa: B010  as above


def _call_heard(
    pipe: Pipe,
    original: Callable[..., object],
    arguments: Arguments,
    listeners: list[Begin],
) -> object:
    endings: list[Ending] = []
    for begin in listeners:
        arguments, ending = begin(pipe, original, arguments)
        endings.append(ending)
    given, named = arguments
    try:
        result = original(pipe, *given, **named)
    except BaseException as error:
        for ending in reversed(endings):
            ending(None, error)
        raise
    for ending in reversed(endings):
        ending(result, None)
    return result


def _watch_new_pipelines() -> None:
    """Every pipeline registers its parts when it is made; that is where shared ones are seen."""
    global _registering  # noqa: PLW0603
    from diffusers import DiffusionPipeline

    if _registering is not None:
        return
    original = DiffusionPipeline.register_modules

    @functools.wraps(original)
    def register_modules(self: Pipe, **modules: object) -> None:
        original(self, **modules)
        _adopt(self, modules)

    _registering = original
    _set(DiffusionPipeline, register_modules)


def _forget_new_pipelines() -> None:
    global _registering  # noqa: PLW0603
    from diffusers import DiffusionPipeline

    if _registering is not None:
        _set(DiffusionPipeline, _registering)
        _registering = None


def _set(kind: Any, function: Callable[..., None]) -> None:  # noqa: ANN401  its class is untyped
    kind.register_modules = function


def _adopt(pipe: Pipe, modules: Mapping[str, object]) -> None:
    parts = [modules[name] for name in _DENOISERS if modules.get(name) is not None]
    with _gate:
        listened = [(one, heard) for found, heard in _listening.values() if (one := found())]
        for other, listeners in listened:
            if other is not pipe and _shares(other, parts):
                for begin in list(listeners):
                    listen(pipe, begin)


def _shares(pipe: Pipe, parts: list[object]) -> bool:
    own = [getattr(pipe, name, None) for name in _DENOISERS]
    return any(part is mine for part in parts for mine in own)
