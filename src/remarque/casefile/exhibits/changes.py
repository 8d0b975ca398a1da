"""What changed from one take to the next, in the court's categories."""

from collections.abc import Sequence

from remarque.casefile.blocks import Spans, span, spans
from remarque.casefile.wording import en
from remarque.model.canonical import Json
from remarque.model.changes import Category, Change
from remarque.model.rewording import Action

_WORD_ACTIONS = {Action.ADDED: "added", Action.REMOVED: "removed"}


def changes_by_category(changes: Sequence[Change]) -> list[Json]:
    """The changes grouped under their category's name, categories in the court's order."""
    groups: list[Json] = []
    for category in Category:
        items = [_spans_of(change) for change in changes if change.category is category]
        if items:
            groups.append({"label": en.CATEGORIES[category.value], "items": items})
    return groups


def count_of(changes: Sequence[Change], category: Category) -> int:
    """How many changes fall into one category."""
    return sum(change.category is category for change in changes)


def _spans_of(change: Change) -> Spans:
    if change.category is Category.WORDS:
        return [*_prefix(change), *_word_spans(change)]
    if change.category is Category.ARRANGEMENT:
        return [*_prefix(change), span(change.sentence, "moved")]
    label = en.FIELDS.get(change.field, change.field)
    if change.before is not None and change.after is not None and change.field in en.FIELDS:
        return spans(
            f"{label} ", span(change.before, "before"), " → ", span(change.after, "strong")
        )
    return [span(change.sentence)]


def _word_spans(change: Change) -> Spans:
    if change.action in _WORD_ACTIONS:
        kind = _WORD_ACTIONS[change.action]
        return [span(change.after or change.before or "", kind)]
    if change.before is not None and change.after is not None:
        return spans(span(change.before, "removed"), " → ", span(change.after, "added"))
    return [span(change.sentence)]


def _prefix(change: Change) -> Spans:
    """The prompt goes without saying; the negative prompt does not."""
    if change.field == "prompt":
        return []
    return [span(en.FIELDS.get(change.field, change.field) + ": ", "faint")]
