"""Two prompts compared phrase by phrase.

Phrases that keep their order (the longest common subsequence) stayed; an equal phrase elsewhere
was moved; what is left between two phrases that stayed is a gap, in which phrases stand for each
other by place. Long phrases that share half of their words or more are compared word by word.
"""

from bisect import bisect_left
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace

from remarque.model.alignment import fit_in_order, longest_common_subsequence
from remarque.model.prompts import STRUCTURE, Phrase, PhraseKind, split_words
from remarque.model.rewording import Action, Piece, Rewording
from remarque.model.word_differences import WordPairs

_LONG_PHRASE_WORDS = 4
_OWN_KIND = frozenset({PhraseKind.NETWORK, PhraseKind.PARAMETER, PhraseKind.NEGATIVE})


def compare_phrases(before: Sequence[Phrase], after: Sequence[Phrase]) -> tuple[Rewording, ...]:
    """The differences, few and in the order of the prompts.

    Comparing the other way round gives the same differences, turned round.
    """
    # Where several answers are equally short, one direction is always the one computed.
    if _written(before) > _written(after):
        found = [_turned(one) for one in _differences(after, before)]
    else:
        found = list(_differences(before, after))
    return tuple(sorted(found, key=_reading_order))


def _written(phrases: Sequence[Phrase]) -> list[tuple[str, str, float]]:
    return [(*_key(phrase), phrase.weight) for phrase in phrases]


def _key(phrase: Phrase) -> tuple[str, str]:
    return phrase.kind, phrase.text


def _turned(one: Rewording) -> Rewording:
    opposite = {Action.ADDED: Action.REMOVED, Action.REMOVED: Action.ADDED}
    return Rewording(opposite.get(one.action, one.action), one.after, one.before)


def _reading_order(one: Rewording) -> tuple[int, str]:
    piece = one.after or one.before
    return (piece.place if piece else 0), one.action


def _differences(before: Sequence[Phrase], after: Sequence[Phrase]) -> Iterator[Rewording]:
    before, after = _placed(before), _placed(after)
    stayed = longest_common_subsequence(list(map(_key, before)), list(map(_key, after)))
    for index, other in stayed:
        yield from _reweighted(before[index], after[other])
    gone = _without(before, (index for index, _ in stayed))
    new = _without(after, (other for _, other in stayed))
    moves = _pairs_of_equals(gone, new)
    for phrase, other_phrase in moves:
        yield Rewording(Action.MOVED, _whole(phrase), _whole(other_phrase))
        yield from _reweighted(phrase, other_phrase)
    moved_from = {phrase.order for phrase, _ in moves}
    moved_to = {phrase.order for _, phrase in moves}
    for gap in _gaps(
        [phrase for phrase in gone if phrase.order not in moved_from],
        [phrase for phrase in new if phrase.order not in moved_to],
        stayed,
    ):
        yield from _in_gap(*gap)


def _placed(phrases: Sequence[Phrase]) -> list[Phrase]:
    """The phrases with ``order`` counted among these alone."""
    return [replace(phrase, order=place) for place, phrase in enumerate(phrases)]


def _without(phrases: Sequence[Phrase], places: Iterable[int]) -> list[Phrase]:
    left_out = set(places)
    return [phrase for phrase in phrases if phrase.order not in left_out]


def _pairs_of_equals(gone: Sequence[Phrase], new: Sequence[Phrase]) -> list[tuple[Phrase, Phrase]]:
    waiting: defaultdict[tuple[str, str], list[Phrase]] = defaultdict(list)
    for phrase in reversed(gone):
        waiting[_key(phrase)].append(phrase)
    return [(waiting[_key(phrase)].pop(), phrase) for phrase in new if waiting.get(_key(phrase))]


def _gaps(
    gone: Sequence[Phrase], new: Sequence[Phrase], stayed: Sequence[tuple[int, int]]
) -> Iterator[tuple[list[Phrase], list[Phrase]]]:
    """What is gone and what is new between each two neighbours that stayed."""
    gaps: defaultdict[int, tuple[list[Phrase], list[Phrase]]] = defaultdict(lambda: ([], []))
    anchors, other_anchors = [index for index, _ in stayed], [other for _, other in stayed]
    for phrase in gone:
        gaps[bisect_left(anchors, phrase.order)][0].append(phrase)
    for phrase in new:
        gaps[bisect_left(other_anchors, phrase.order)][1].append(phrase)
    yield from gaps.values()


def _in_gap(gone: Sequence[Phrase], new: Sequence[Phrase]) -> Iterator[Rewording]:
    # BREAK and AND part the prompt; no words ever stand in their place.
    yield from _only_removed(phrase for phrase in gone if phrase.kind in STRUCTURE)
    yield from _only_added(phrase for phrase in new if phrase.kind in STRUCTURE)
    # Nor do words stand in the place of a parameter, a network, or of words to keep out.
    for kind in (None, *sorted(_OWN_KIND)):
        of_kind = [[p for p in phrases if _family(p) is kind] for phrases in (gone, new)]
        yield from _of_one_kind(*of_kind)


def _family(phrase: Phrase) -> PhraseKind | None:
    """The kind, where it is only ever replaced by its like; None for words of any kind."""
    if phrase.kind in STRUCTURE:
        return PhraseKind.BREAK
    return phrase.kind if phrase.kind in _OWN_KIND else None


def _of_one_kind(gone: Sequence[Phrase], new: Sequence[Phrase]) -> Iterator[Rewording]:
    word_by_word = WordPairs.of(gone, new) if len(gone) != len(new) else None
    if word_by_word is not None and word_by_word.alike:
        yield from word_by_word.differences()
    else:
        yield from _side_by_side(gone, new)


def _only_removed(phrases: Iterable[Phrase]) -> Iterator[Rewording]:
    return (Rewording(Action.REMOVED, _whole(phrase), None) for phrase in phrases)


def _only_added(phrases: Iterable[Phrase]) -> Iterator[Rewording]:
    return (Rewording(Action.ADDED, None, _whole(phrase)) for phrase in phrases)


def _side_by_side(gone: Sequence[Phrase], new: Sequence[Phrase]) -> Iterator[Rewording]:
    """As many phrases replaced as can be; of the longer side, the least alike are left over."""
    words = [{word[0] for word in split_words(phrase.text)} for phrase in gone]
    other_words = [{word[0] for word in split_words(phrase.text)} for phrase in new]
    if len(gone) <= len(new):
        pairs = fit_in_order(
            len(gone), len(new), lambda few, many: _share(words[few], other_words[many])
        )
    else:
        turned = fit_in_order(
            len(new), len(gone), lambda few, many: _share(words[many], other_words[few])
        )
        pairs = [(index, other) for other, index in turned]
    for index, other in pairs:
        yield from _replaced(gone[index], new[other])
    paired, other_paired = {index for index, _ in pairs}, {other for _, other in pairs}
    yield from _only_removed(one for index, one in enumerate(gone) if index not in paired)
    yield from _only_added(one for other, one in enumerate(new) if other not in other_paired)


def _share(words: set[str], others: set[str]) -> float:
    return len(words & others) / max(len(words), len(others), 1)


def _replaced(phrase: Phrase, other: Phrase) -> Iterator[Rewording]:
    pairs = WordPairs.of([phrase], [other])
    if max(len(pairs.before), len(pairs.after)) > _LONG_PHRASE_WORDS and pairs.alike:
        yield from pairs.differences()
    else:
        yield Rewording(Action.REPLACED, _whole(phrase), _whole(other))


def _reweighted(phrase: Phrase, other: Phrase) -> Iterator[Rewording]:
    if phrase.weight != other.weight:
        yield Rewording(Action.REWEIGHTED, _whole(phrase), _whole(other))


def _whole(phrase: Phrase) -> Piece:
    return Piece(phrase.text, phrase.weight, phrase.order, phrase.kind)
