"""Pictures that went in, compared: initial pictures, masks, control and reference pictures."""

from collections import defaultdict
from collections.abc import Iterator, Sequence

from remarque.model.changes import Category, Change, Finding, OneSided, fact_text, is_same, quoted
from remarque.model.recipe import SourceUse
from remarque.model.rewording import Action


def compare_sources(before: Sequence[SourceUse], after: Sequence[SourceUse]) -> Iterator[Finding]:
    """Source pictures by role: added, removed, replaced, or used with other values."""
    old, new = _by_role(before), _by_role(after)
    for role in dict.fromkeys([*old, *new]):
        yield from _compare_role(old[role], new[role])


def _by_role(sources: Sequence[SourceUse]) -> defaultdict[str, list[SourceUse]]:
    found: defaultdict[str, list[SourceUse]] = defaultdict(list)
    for source in sources:
        found[source.role].append(source)
    return found


def _compare_role(before: Sequence[SourceUse], after: Sequence[SourceUse]) -> Iterator[Finding]:
    """Pictures of one role: those of the same name belong together, then the rest in order."""
    left, pairs = list(after), list[tuple[SourceUse, SourceUse]]()
    unpaired: list[SourceUse] = []
    for source in before:
        same = next((one for one in left if one.name == source.name), None)
        if same is None:
            unpaired.append(source)
        else:
            left.remove(same)
            pairs.append((source, same))
    pairs += zip(unpaired, left, strict=False)
    for source, other in pairs:
        yield from _compare_source(source, other)
    for source in unpaired[len(left) :]:
        yield _change(Action.REMOVED, source, None, f"removed {_named(source)}")
    for source in left[len(unpaired) :]:
        yield _change(Action.ADDED, None, source, f"added {_named(source)}")


def _compare_source(before: SourceUse, after: SourceUse) -> Iterator[Finding]:
    if before.name != after.name:
        if before.name is None or after.name is None:
            yield OneSided(f"sources.{before.role}.name")
        else:
            sentence = f"replaced {_named(before)} with {quoted(after.name)}"
            yield _change(Action.REPLACED, before, after, sentence)
    for field, label in (("strength", "strength"), ("model", "model")):
        one, other = getattr(before, field), getattr(after, field)
        if one is None or other is None:
            if one is not other:
                yield OneSided(f"sources.{before.role}.{field}")
        elif not is_same(one, other):
            old, new = fact_text(one), fact_text(other)
            sentence = f"{label} of {_named(after)} {old} → {new}"
            yield Change(
                Category.INPUTS,
                Action.CHANGED,
                f"sources.{before.role}.{field}",
                old,
                new,
                sentence,
            )


def _change(
    action: Action, before: SourceUse | None, after: SourceUse | None, sentence: str
) -> Change:
    old, new = (None if one is None else one.name or one.role for one in (before, after))
    return Change(Category.INPUTS, action, "sources", old, new, sentence)


def _named(source: SourceUse) -> str:
    kind = {"init": "initial picture"}.get(source.role, source.role)
    kind = kind if kind.endswith(("picture", "mask")) else f"{kind} picture"
    return f"the {kind} {quoted(source.name)}" if source.name else f"a {kind}"
