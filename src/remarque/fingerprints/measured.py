"""How often unrelated pictures were taken for copies, as counted on real files.

Written by ``benchmarks/false_accusations.py --write``; the conditions are in
``docs/explanation/limits.md``.
"""

import math
from bisect import bisect_left

COMPARISONS = 53_020

ACCUSED: dict[str, tuple[int, ...]] = {
    "keypoints": (8, 8, 10, 10, 13, 14, 14, 15, 15, 15, 15, 15, 15, 16),
    "whole-picture": (),
}


def false_accusation_rate(method: str, score: int) -> float:
    """The 95 % upper bound of wrongly finding an unrelated picture with such a score or more.

    For k wrong findings among n comparisons it is (k + 2 sqrt(k) + 3) / n: the "rule of three"
    (Hanley and Lippman-Hand, 1983) for k = 0, above the exact Poisson bound for every other k. It
    speaks of one comparison: a suspect compared with a thousand pictures has a thousand chances.

    Args:
        method: ``keypoints`` or ``whole-picture``.
        score: The judgement's score.
    """
    scores = ACCUSED.get(method, ())
    wrong = len(scores) - bisect_left(scores, score)
    return min(1.0, (wrong + 2 * math.sqrt(wrong) + 3) / COMPARISONS)
