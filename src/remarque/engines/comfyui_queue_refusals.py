"""Why ComfyUI will not run a graph, as one sentence.

Source of the form: ``execution.validate_prompt`` and ``validate_inputs`` of ComfyUI 0.3.64.
"""

from collections.abc import Callable, Iterator, Mapping

from remarque.engines.comfyui_engine_names import is_model_file, missing_model, one_line
from remarque.errors import MakingError, MakingFailed
from remarque.model.canonical import Json

Options = Callable[[str, str], tuple[str, ...]]
"""The values that an input may have, by the kind of node and the input's name."""

_HINT = "Install the nodes and models the graph names in that ComfyUI, or run it on another engine."
_MOST_REASONS = 3


def refusal_of(said: Mapping[str, Json], options: Options) -> MakingError:
    """The error for an answer with HTTP status 400."""
    errors = list(_errors(said.get("node_errors")))
    for kind, error in errors:
        extra = error.get("extra_info")
        match extra:
            case {"input_name": str(name), "received_value": str(value)} if is_model_file(value):
                return missing_model(value, options(kind, name), "ComfyUI")
    reasons = [
        f"{kind}: {one_line(error.get('message'))} ({one_line(error.get('details'))})"
        for kind, error in errors[:_MOST_REASONS]
    ]
    return MakingFailed(
        f"ComfyUI refuses the graph: {'; '.join(reasons) or _whole(said.get('error'))}", hint=_HINT
    )


def _errors(node_errors: Json) -> Iterator[tuple[str, Mapping[str, Json]]]:
    for found in node_errors.values() if isinstance(node_errors, dict) else ():
        listed = found.get("errors") if isinstance(found, dict) else None
        for error in listed if isinstance(listed, list) else ():
            if isinstance(error, dict):
                yield one_line(found.get("class_type")), error


def _whole(error: Json) -> str:
    if isinstance(error, dict):
        parts = (one_line(error.get("message")), one_line(error.get("details")))
        return " ".join(part for part in parts if part) or "it gives no reason"
    return one_line(error) or "it gives no reason"
