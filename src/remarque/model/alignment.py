"""Two sequences laid side by side: what stayed in order, and what stands for what."""

from bisect import bisect_left
from collections import defaultdict
from collections.abc import Callable, Hashable, Sequence

_MOST_CANDIDATES = 250_000
_MOST_SCORES = 10_000

_Chain = tuple[int, int, "_Chain | None"]


def longest_common_subsequence(
    before: Sequence[Hashable], after: Sequence[Hashable]
) -> list[tuple[int, int]]:
    """Pairs of indices of equal items that keep their order, as many as possible.

    Hunt and Szymanski, "A fast algorithm for computing longest common subsequences" (CACM 20/5,
    1977), after equal ends are set aside: O((n + r) log n) for r equal pairs. Where r exceeds
    250,000 (very many repeated items), the k-th occurrence is held only against the k-th: still
    a common subsequence in order, perhaps not the longest.
    """
    start = _equal_items(zip(before, after, strict=False))
    most = min(len(before), len(after)) - start
    end = _equal_items(zip(before[::-1][:most], after[::-1][:most], strict=False))
    inner = _common_inner(before[start : len(before) - end], after[start : len(after) - end])
    return [
        *((index, index) for index in range(start)),
        *((one + start, other + start) for one, other in inner),
        *((len(before) - back, len(after) - back) for back in range(end, 0, -1)),
    ]


def _equal_items(pairs: "zip[tuple[Hashable, Hashable]]") -> int:
    count = 0
    for one, other in pairs:
        if one != other:
            break
        count += 1
    return count


def _common_inner(before: Sequence[Hashable], after: Sequence[Hashable]) -> list[tuple[int, int]]:
    places = _places(after)
    if sum(len(places.get(item, ())) for item in before) > _MOST_CANDIDATES:
        before, after = _numbered(before), _numbered(after)
        places = _places(after)
    ends: list[int] = []
    chains: list[_Chain] = []
    for index, item in enumerate(before):
        for place in reversed(places.get(item, ())):
            length = bisect_left(ends, place)
            chain = (index, place, chains[length - 1] if length else None)
            if length == len(ends):
                ends.append(place)
                chains.append(chain)
            elif place < ends[length]:
                ends[length], chains[length] = place, chain
    return _unrolled(chains[-1] if chains else None)


def _places(items: Sequence[Hashable]) -> dict[Hashable, list[int]]:
    places: defaultdict[Hashable, list[int]] = defaultdict(list)
    for index, item in enumerate(items):
        places[item].append(index)
    return dict(places)


def _numbered(items: Sequence[Hashable]) -> list[Hashable]:
    """Each item with how often it was there before, so that no two are equal."""
    seen: defaultdict[Hashable, int] = defaultdict(int)
    numbered: list[Hashable] = []
    for item in items:
        numbered.append((item, seen[item]))
        seen[item] += 1
    return numbered


def _unrolled(chain: _Chain | None) -> list[tuple[int, int]]:
    pairs: list[tuple[int, int]] = []
    while chain is not None:
        pairs.append(chain[:2])
        chain = chain[2]
    return pairs[::-1]


def fit_in_order(
    few: int, many: int, likeness: Callable[[int, int], float]
) -> list[tuple[int, int]]:
    """Give each of ``few`` items one of ``many``, in order, with the greatest total likeness.

    Dynamic programming over ``few`` times ``many`` cells, earliest on ties; where these are more
    than 10,000, and where the counts are equal, simply one by one from the start.
    """
    if few == many or few * many > _MOST_SCORES:
        return [(index, index) for index in range(few)]
    spare = many - few
    # best[shift] is the greatest likeness of the items so far with at most ``shift`` left over.
    best = [0.0] * (spare + 1)
    moved_on: list[list[bool]] = []
    for index in range(few):
        row = [best[shift] + likeness(index, index + shift) for shift in range(spare + 1)]
        takes = [True] * (spare + 1)
        for shift in range(1, spare + 1):
            takes[shift] = row[shift] > row[shift - 1]
            row[shift] = max(row[shift], row[shift - 1])
        best = row
        moved_on.append(takes)
    return _walk_back(moved_on, spare)


def _walk_back(takes: list[list[bool]], shift: int) -> list[tuple[int, int]]:
    pairs: list[tuple[int, int]] = []
    for index in range(len(takes) - 1, -1, -1):
        while not takes[index][shift]:
            shift -= 1
        pairs.append((index, index + shift))
    return pairs[::-1]
