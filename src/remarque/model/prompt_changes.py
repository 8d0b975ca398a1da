"""Differences between two prompts as changes, each with its sentence."""

from collections.abc import Iterator, Sequence

from remarque.model.changes import (
    Category,
    Change,
    pass_name,
    place_text,
    quoted,
    weight_text,
)
from remarque.model.phrase_differences import compare_phrases
from remarque.model.prompts import (
    STRUCTURE,
    Phrase,
    PhraseKind,
    Syntax,
    parse_prompt,
    split_words,
)
from remarque.model.rewording import Action, Piece, Rewording

_SETTINGS = frozenset({PhraseKind.NETWORK, PhraseKind.PARAMETER})


def compare_prompts(
    before: str,
    after: str,
    field: str,
    syntax: Syntax = "automatic1111",
    other_syntax: Syntax | None = None,
) -> Iterator[Change]:
    """Every difference between two prompt texts. LoRA tags are left to the LoRAs.

    ``syntax`` is how the first is read, ``other_syntax`` the second where it differs.
    A text that differs in nothing but punctuation or notation gives one change that says so;
    white space alone gives none.
    """
    phrases = parse_prompt(before, syntax)
    other_phrases = parse_prompt(after, other_syntax or syntax)
    rewordings = compare_phrases(_without_loras(phrases), _without_loras(other_phrases))
    for rewording in rewordings:
        yield _change(rewording, field)
    if rewordings or _written(phrases) != _written(other_phrases):
        return
    if "".join(before.split()) != "".join(after.split()):
        yield Change(
            Category.ARRANGEMENT,
            Action.CHANGED,
            field,
            before,
            after,
            f"wrote {_prompt_name(field)} with other punctuation or notation; the words, their"
            " order and weights are the same",
        )


def _without_loras(phrases: Sequence[Phrase]) -> list[Phrase]:
    return [phrase for phrase in phrases if phrase.kind is not PhraseKind.LORA]


def _written(phrases: Sequence[Phrase]) -> list[tuple[str, float]]:
    return sorted(
        (phrase.text, phrase.weight) for phrase in phrases if phrase.kind is PhraseKind.LORA
    )


def _change(rewording: Rewording, field: str) -> Change:
    before, after = rewording.before, rewording.after
    return Change(
        _category(rewording),
        rewording.action,
        field,
        _notation(before),
        _notation(after),
        _sentence(rewording) + _in_which_prompt(rewording, field),
    )


def _category(rewording: Rewording) -> Category:
    pieces = [piece for piece in (rewording.before, rewording.after) if piece is not None]
    if any(piece.kind in _SETTINGS for piece in pieces):
        return Category.PARAMETERS
    in_place = rewording.action in (Action.ADDED, Action.REMOVED, Action.REPLACED)
    if in_place and not any(piece.kind in STRUCTURE for piece in pieces):
        return Category.WORDS
    return Category.ARRANGEMENT


def _notation(piece: Piece | None) -> str | None:
    if piece is None:
        return None
    return piece.text if piece.weight == 1 else f"({piece.text}:{weight_text(piece.weight)})"


def _sentence(rewording: Rewording) -> str:
    before, after = rewording.before, rewording.after
    if before is None:
        return f"added {_named(after)}{_within(after, 'to')}" if after else ""
    if after is None:
        return f"removed {_named(before)}{_within(before, 'from')}"
    match rewording.action:
        case Action.MOVED:
            return _moved(before, after)
        case Action.REWEIGHTED:
            weights = f"{weight_text(before.weight)} → {weight_text(after.weight)}"
            return f"weight of {quoted(after.text)} {weights}"
        case Action.CHANGED:
            same = "the same words, parted differently"
            return f"wrote {quoted(before.text)} as {quoted(after.text)}: {same}"
        case _:
            weighted = before.weight != after.weight
            old, new = (_with_weight(piece, always=weighted) for piece in (before, after))
            return f"replaced {old} with {new}{_within(before, 'in')}"


def _moved(before: Piece, after: Piece) -> str:
    if before.within and before.place == after.place:
        return f"moved {quoted(after.text)} within {quoted(after.within)}"
    place, other = place_text(before.place), place_text(after.place)
    if place == other:
        return f"moved {quoted(after.text)} past other words (still in {place} place)"
    return f"moved {quoted(after.text)} from {place} to {other} place"


def _named(piece: Piece) -> str:
    if piece.kind in STRUCTURE:
        return f"{piece.text} in {place_text(piece.place)} place"
    if piece.kind is PhraseKind.NETWORK:
        return f"the network {_with_weight(piece)}"
    if piece.kind is PhraseKind.PARAMETER:
        return f"the parameter {quoted(piece.text)}"
    count = sum(1 for _ in split_words(piece.text))
    return f"the {'word' if count == 1 else 'words'} {_with_weight(piece)}"


def _with_weight(piece: Piece, *, always: bool = False) -> str:
    if piece.weight == 1 and not always:
        return quoted(piece.text)
    return f"{quoted(piece.text)} (weight {weight_text(piece.weight)})"


def _within(piece: Piece, word: str) -> str:
    return f" {word} {quoted(piece.within)}" if piece.within else ""


def _prompt_name(field: str) -> str:
    """``passes.hires.negative_prompt`` as people say it."""
    *path, last = field.split(".")
    name = "the negative prompt" if last == "negative_prompt" else "the prompt"
    return f"{name} of the {pass_name('.'.join(path))}" if path else name


def _in_which_prompt(rewording: Rewording, field: str) -> str:
    if field == "prompt":
        return ""
    pieces = (rewording.before, rewording.after)
    is_part = any(piece is not None and piece.within for piece in pieces)
    words = {} if is_part else {Action.ADDED: "to", Action.REMOVED: "from"}
    return f" {words.get(rewording.action, 'in')} {_prompt_name(field)}"
