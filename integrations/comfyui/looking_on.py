"""Look on at a ComfyUI process without Remarque: what ran, with which values, what came of it.

The places are those of ``remarque.engines.comfyui_hooks``: ``PromptQueue.task_done`` once a run is
over, ``execution.get_output_data`` for the values that inputs really have. Everything is passed on
unchanged, whatever happens in the looking on.
"""

import functools
import inspect
import threading
from collections.abc import Callable
from typing import Any

_MARK = "remarque_looks_on"
_LONGEST_TEXT = 100_000
_MOST_VALUES = 20_000
_MOST_RUNS = 16

Values = dict[tuple[str, str], Any]
Ended = Callable[[tuple[Any, ...], dict[str, Any], Any, Values], None]
"""Told of each run: the queue's item, the result, the status, the values of linked inputs."""


class LookingOn:
    """Looks on; ``ended`` is called in the executing thread, ``failed`` with one sentence."""

    def __init__(self, ended: Ended, failed: Callable[[str], None]) -> None:
        self._ended = ended
        self._failed = failed
        self._values: dict[str, Values] = {}
        self._gate = threading.Lock()

    def attach(self, queue: Any, execution: Any) -> None:  # noqa: ANN401  ComfyUI's own
        """Look on at a queue and at the module that executes; a second time changes nothing."""
        if not hasattr(queue.task_done, _MARK):
            queue.task_done = self._around_task_done(queue, queue.task_done)
        original = getattr(execution, "get_output_data", None)
        if original and _tells_values(original) and not hasattr(original, _MARK):
            execution.get_output_data = self._around_get_output_data(original)

    def _around_task_done(self, queue: Any, original: Any) -> Any:  # noqa: ANN401
        @functools.wraps(original)
        def task_done(item_id: Any, result: Any, *more: Any, **named: Any) -> Any:  # noqa: ANN401
            try:
                item = queue.currently_running.get(item_id)
                if item is not None:
                    with self._gate:
                        values = self._values.pop(str(item[1]), {})
                    self._ended(
                        item, result, named.get("status", more[0] if more else None), values
                    )
            except Exception as error:  # noqa: BLE001  a recorder must never stop the program
                self._failed(f"It met {type(error).__name__}: {error}.")
            return original(item_id, result, *more, **named)

        setattr(task_done, _MARK, True)
        return task_done

    def _around_get_output_data(self, original: Any) -> Any:  # noqa: ANN401
        signature = inspect.signature(original)

        @functools.wraps(original)
        async def get_output_data(*more: Any, **named: Any) -> Any:  # noqa: ANN401
            try:
                given = signature.bind_partial(*more, **named).arguments
                self._note(given["prompt_id"], given["unique_id"], given["input_data_all"])
            except Exception as error:  # noqa: BLE001  a recorder must never stop the program
                self._failed(f"It met {type(error).__name__}: {error}.")
            return await original(*more, **named)

        setattr(get_output_data, _MARK, True)
        return get_output_data

    def _note(self, run_id: Any, node: Any, inputs: Any) -> None:  # noqa: ANN401
        """Keep plain values; an input with several values has no single one."""
        with self._gate:
            values = self._values.setdefault(str(run_id), {})
            while len(self._values) > _MOST_RUNS:
                self._values.pop(next(iter(self._values)))
        for name, held in inputs.items():
            if not isinstance(held, list) or len(held) != 1 or len(values) >= _MOST_VALUES:
                continue
            value = held[0]
            if isinstance(value, (str, int, float)) and len(str(value)) <= _LONGEST_TEXT:
                values[str(node), str(name)] = value


def _tells_values(function: Any) -> bool:  # noqa: ANN401
    """Whether it is the function that is known: other versions of ComfyUI are left alone."""
    if not inspect.iscoroutinefunction(function):
        return False
    wanted = {"prompt_id", "unique_id", "input_data_all"}
    return wanted <= set(inspect.signature(function).parameters)
