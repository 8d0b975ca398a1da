"""Phrases compared word by word, for long phrases and for phrases that were parted anew."""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import chain, groupby
from typing import NamedTuple

from remarque.model.alignment import longest_common_subsequence
from remarque.model.prompts import Phrase, PhraseKind, split_words
from remarque.model.rewording import Action, Piece, Rewording

_ALIKE = 0.5


class _Word(NamedTuple):
    text: str
    phrase: Phrase
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class WordPairs:
    """The words of some phrases beside the words of others, and which of them stayed."""

    before: list[_Word]
    after: list[_Word]
    stayed: list[tuple[int, int]]

    @classmethod
    def of(cls, gone: Sequence[Phrase], new: Sequence[Phrase]) -> "WordPairs":
        """The words of these phrases, in order."""
        before, after = list(_words(gone)), list(_words(new))
        return cls(
            before,
            after,
            longest_common_subsequence(
                [word.text for word in before], [word.text for word in after]
            ),
        )

    @property
    def alike(self) -> bool:
        """Whether half of the words or more stayed."""
        total = len(self.before) + len(self.after)
        return total > 0 and 2 * len(self.stayed) / total >= _ALIKE

    def differences(self) -> Iterator[Rewording]:
        """Words added, removed, replaced, moved or re-weighted; at least one difference."""
        found = [*self._changed_words(), *self._reweighted_words()]
        if not found:
            found = [Rewording(Action.CHANGED, _listed(self.before), _listed(self.after))]
        yield from found

    def _changed_words(self) -> list[Rewording]:
        found: list[Rewording] = []
        start = other_start = 0
        for index, other in [*self.stayed, (len(self.before), len(self.after))]:
            found += _between(self.before[start:index], self.after[other_start:other])
            start, other_start = index + 1, other + 1
        return _with_moves(found)

    def _reweighted_words(self) -> Iterator[Rewording]:
        """Runs of neighbouring words whose weight changed from one number to another."""
        run: list[tuple[int, int]] = []
        for index, other in self.stayed:
            if run and not self._goes_on(run[-1], (index, other)):
                yield self._reweighting(run)
                run = []
            if self.before[index].phrase.weight != self.after[other].phrase.weight:
                run.append((index, other))
        if run:
            yield self._reweighting(run)

    def _goes_on(self, last: tuple[int, int], following: tuple[int, int]) -> bool:
        next_to = following == (last[0] + 1, last[1] + 1)
        return next_to and self._weights(last) == self._weights(following)

    def _weights(self, pair: tuple[int, int]) -> tuple[float, float]:
        return self.before[pair[0]].phrase.weight, self.after[pair[1]].phrase.weight

    def _reweighting(self, run: Sequence[tuple[int, int]]) -> Rewording:
        return Rewording(
            Action.REWEIGHTED,
            _listed([self.before[index] for index, _ in run]),
            _listed([self.after[other] for _, other in run]),
        )


def _words(phrases: Sequence[Phrase]) -> Iterator[_Word]:
    for phrase in phrases:
        if phrase.kind is PhraseKind.WORDS:
            for word in split_words(phrase.text):
                yield _Word(word[0], phrase, word.start(), word.end())
        else:
            yield _Word(phrase.text, phrase, 0, len(phrase.text))


def _between(gone: Sequence[_Word], new: Sequence[_Word]) -> Iterator[Rewording]:
    """What happened between two words that stayed, phrase by phrase where phrases are many."""
    groups, other_groups = _by_phrase(gone), _by_phrase(new)
    removed = _surplus(groups, len(other_groups))
    added = _surplus(other_groups, len(groups))
    if len(groups) != len(other_groups):
        groups, other_groups = [list(chain(*groups))], [list(chain(*other_groups))]
    for group, other_group in zip(groups, other_groups, strict=True):
        yield Rewording(Action.REPLACED, _listed(group), _listed(other_group))
    for group in removed:
        yield Rewording(Action.REMOVED, _listed(group), None)
    for group in added:
        yield Rewording(Action.ADDED, None, _listed(group))


def _by_phrase(words: Sequence[_Word]) -> list[list[_Word]]:
    return [list(group) for _, group in groupby(words, _phrase_of)]


def _phrase_of(word: _Word) -> Phrase:
    return word.phrase


def _surplus(groups: list[list[_Word]], wanted: int) -> list[list[_Word]]:
    """Take whole phrases out of ``groups``, last first, until so many as wanted are left.

    Where none are wanted, parts of phrases go too.
    """
    spare = max(0, len(groups) - wanted)
    fit = [place for place, group in enumerate(groups) if wanted == 0 or _is_whole(group)]
    chosen = fit[len(fit) - min(spare, len(fit)) :]
    taken = [groups[place] for place in chosen]
    for place in reversed(chosen):
        del groups[place]
    return taken


def _is_whole(words: Sequence[_Word]) -> bool:
    return words[-1].end - words[0].start == len(words[0].phrase.text)


def _listed(words: Sequence[_Word]) -> Piece:
    """Neighbouring words as they are written, the phrases they come from parted by commas."""
    groups = _by_phrase(words)
    text = ", ".join(group[0].phrase.text[group[0].start : group[-1].end] for group in groups)
    first = words[0].phrase
    within = "" if all(map(_is_whole, groups)) else first.text
    return Piece(text, first.weight, first.order, first.kind, within)


def _with_moves(found: Sequence[Rewording]) -> list[Rewording]:
    """Words removed at one place and added at another were moved."""
    added: defaultdict[str, list[int]] = defaultdict(list)
    for number, one in enumerate(found):
        if one.action is Action.ADDED and one.after is not None:
            added[one.after.text].append(number)
    kept: list[Rewording | None] = list(found)
    for number, one in enumerate(found):
        if one.action is Action.REMOVED and one.before is not None and added[one.before.text]:
            other = added[one.before.text].pop(0)
            kept[number] = Rewording(Action.MOVED, one.before, found[other].after)
            kept[other] = None
    return [one for one in kept if one is not None]
