"""``remarque read``: what a picture says about its own making."""

import base64
from pathlib import Path
from typing import Annotated

import typer

from remarque.cli.options import JsonOption
from remarque.cli.output import clean, error_as_json, print_error, print_json, say
from remarque.errors import InputError, RemarqueError
from remarque.model.canonical import Json
from remarque.model.recipe import Chunk, Reading

LONGEST_SHOWN = 2000


def read(
    files: Annotated[list[Path], typer.Argument(help="Picture files, or folders of them.")],
    json: JsonOption = False,
) -> None:
    """Show generator, prompt, parameters, models and inputs; never a guess."""
    from remarque.actions.finding_files import find_pictures, read_file
    from remarque.intake import read_picture

    failed = False
    for path in find_pictures(files):
        try:
            content = read_file(path)
            reading = read_picture(content)
        except RemarqueError as error:
            failed = True
            print_error(error, about=str(path))
            if json:
                print_json({"path": str(path), **error_as_json(error)})
            continue
        if json:
            print_json(reading_as_json(path, content, reading))
        else:
            _say_reading(path, content, reading)
    if failed:
        raise typer.Exit(4)


def reading_as_json(path: Path, content: bytes, reading: Reading) -> Json:
    """The contract of ``read`` (DESIGN §8): every key always there, null for not recorded.

    ``file_size`` is what the pixels measure; the other two sizes are what the metadata say.
    """
    from msgspec import to_builtins

    recipe = to_builtins(reading.recipe)
    for size in ("generated_size", "final_size"):
        recipe[size] = [recipe[size]["width"], recipe[size]["height"]] if recipe[size] else None
    return {
        "path": str(path),
        "generator": reading.generator,
        **recipe,
        "file_size": _file_size(content),
        "not_recorded": list(reading.recipe.not_recorded),
        "contradictions": list(reading.contradictions),
        "remarks": list(reading.remarks),
        "chunks": [_chunk_as_json(chunk) for chunk in reading.chunks],
    }


def _file_size(content: bytes) -> list[int] | None:
    """Width and height in pixels; None for a picture that can be read but not decoded here."""
    from remarque.pictures.decoding import measure

    try:
        size = measure(content)
    except InputError:
        return None
    return [size.width_px, size.height_px]


def _chunk_as_json(chunk: Chunk) -> Json:
    shown: Json = {"place": chunk.place, "key": chunk.key, "bytes": len(chunk.raw)}
    if chunk.text is not None:
        return {**shown, "text": chunk.text}
    return {**shown, "base64": base64.b64encode(chunk.raw).decode("ascii")}


def _say_reading(path: Path, content: bytes, reading: Reading) -> None:
    say(str(path), style="bold")
    say(f"  generator: {reading.generator or 'none named in the file'}")
    facts = reading_as_json(path, content, reading)
    hidden = {"path", "generator", "not_recorded", "contradictions", "remarks", "chunks"}
    for name, value in facts.items():
        if name not in hidden and value not in (None, [], ()):
            say(f"  {name.replace('_', ' ')}: {clean(_readable(value))}")
    if reading.recipe.not_recorded:
        say(f"  not recorded: {', '.join(reading.recipe.not_recorded)}", style="dim")
    for sentence in reading.contradictions:
        say(f"  contradiction: {sentence}", style="yellow")
    for sentence in reading.remarks:
        say(f"  remark: {sentence}", style="yellow")
    for chunk in reading.chunks:
        say(f"  chunk: {chunk.place} {chunk.key}, {len(chunk.raw)} bytes", style="dim")


def _readable(value: Json) -> str:
    if isinstance(value, list | tuple):
        parts = [_readable(item) for item in value]
        return " × ".join(parts) if all(isinstance(v, int) for v in value) else "; ".join(parts)
    if isinstance(value, dict):
        if set(value) == {"name", "value"}:  # a setting in the words of the file
            return f"{value['name']} = {value['value']}"
        return ", ".join(f"{k} {_readable(v)}" for k, v in value.items() if v is not None)
    text = str(value)
    return text if len(text) <= LONGEST_SHOWN else text[:LONGEST_SHOWN] + " …"
