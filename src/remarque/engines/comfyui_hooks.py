"""Where the recorder looks on inside a running ComfyUI, and nothing else is touched.

Two places. ``PromptQueue.task_done`` is called once a run is over, with everything that came of
it: looking on there cannot delay a sampler. ``execution.get_output_data`` is called for each node
with the values its inputs really have: only there is a seed seen that another node computed.
Both pass everything on unchanged, whatever happens in the looking on.
"""

import functools
import inspect
import threading
from collections.abc import Awaitable, Callable, Mapping
from typing import Any, TypeAlias

from remarque.engines.comfyui_history import Run, run_from_history
from remarque.model.canonical import Json

InputValues: TypeAlias = Mapping[tuple[str, str], Json]
Foreign: TypeAlias = Any
"""An object of ComfyUI's, of whose form only what is used is assumed."""

Ended: TypeAlias = Callable[[Run, InputValues], None]
Failed: TypeAlias = Callable[[str], None]

_MARK = "remarque_looks_on"
_LONGEST_TEXT = 100_000
_MOST_VALUES = 20_000
_MOST_RUNS = 16


class Hooks:
    """Looks on at a ComfyUI process. ``ended`` is told of each run in the executing thread."""

    def __init__(self, ended: Ended, failed: Failed) -> None:
        self._ended = ended
        self._failed = failed
        self._values: dict[str, dict[tuple[str, str], Json]] = {}
        self._lock = threading.Lock()

    def attach(self, queue: Foreign, execution: Foreign) -> None:
        """Look on at a queue and the module that executes; a second time changes nothing.

        Args:
            queue: ``PromptServer.instance.prompt_queue``.
            execution: ComfyUI's module ``execution``.
        """
        if not hasattr(queue.task_done, _MARK):
            queue.task_done = self._around_task_done(queue, queue.task_done)
        original = getattr(execution, "get_output_data", None)
        if original and _tells_values(original) and not hasattr(original, _MARK):
            execution.get_output_data = self._around_get_output_data(original)

    def _around_task_done(
        self, queue: Foreign, original: Callable[..., Foreign]
    ) -> Callable[..., Foreign]:
        @functools.wraps(original)
        def task_done(
            item_id: Foreign, history_result: Foreign, *more: Foreign, **named: Foreign
        ) -> Foreign:
            try:
                status = named.get("status", more[0] if more else None)
                self._tell(queue.currently_running.get(item_id), history_result, status)
            except Exception as error:  # noqa: BLE001  a recorder must never stop the program
                self._failed(f"{type(error).__name__}: {error}")
            return original(item_id, history_result, *more, **named)

        setattr(task_done, _MARK, True)
        return task_done

    def _around_get_output_data(
        self, original: Callable[..., Awaitable[Foreign]]
    ) -> Callable[..., Awaitable[Foreign]]:
        signature = inspect.signature(original)

        @functools.wraps(original)
        async def get_output_data(*more: Foreign, **named: Foreign) -> Foreign:
            try:
                given = signature.bind_partial(*more, **named).arguments
                self._note(given["prompt_id"], given["unique_id"], given["input_data_all"])
            except Exception as error:  # noqa: BLE001  a recorder must never stop the program
                self._failed(f"{type(error).__name__}: {error}")
            return await original(*more, **named)

        setattr(get_output_data, _MARK, True)
        return get_output_data

    def _note(self, run_id: str, node: str, inputs: Mapping[str, Foreign]) -> None:
        """Keep plain values; an input with several values has no single one."""
        with self._lock:
            values = self._values.setdefault(run_id, {})
            while len(self._values) > _MOST_RUNS:
                self._values.pop(next(iter(self._values)))
        for name, held in inputs.items():
            if not isinstance(held, list) or len(held) != 1 or len(values) >= _MOST_VALUES:
                continue
            value = held[0]
            if isinstance(value, str | int | float) and len(str(value)) <= _LONGEST_TEXT:
                values[str(node), str(name)] = value

    def _tell(self, item: Foreign, history_result: Foreign, status: Foreign) -> None:
        if item is None:
            return
        told = {
            "prompt": item,
            "outputs": history_result.get("outputs"),
            "meta": history_result.get("meta"),
            "status": {"messages": getattr(status, "messages", None)},
        }
        run = run_from_history(str(item[1]), told)
        with self._lock:
            values = self._values.pop(str(item[1]), {})
        if run is not None:
            self._ended(run, values)


def _tells_values(function: Foreign) -> bool:
    """Whether it is the function that is known: other versions of ComfyUI are left alone."""
    if not inspect.iscoroutinefunction(function):
        return False
    return {"prompt_id", "unique_id", "input_data_all"} <= set(
        inspect.signature(function).parameters
    )
