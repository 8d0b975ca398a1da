"""English: the sentences about takes made again from their record, and how alike they came out."""

from remarque.model.reruns import EnvironmentLine, PictureDifference, Rerun, RerunGrade

HEADING = "Made again from the record"
LEAD = (
    "A take is made again from its record alone: the words, the seed, the settings and the model "
    "files that the entry names, and nothing else. What comes out is compared with the recorded "
    "picture. Where the two agree, the record holds what that picture depends on. It does not show "
    "who chose the words, or when. Every attempt stands here, also those that failed."
)
MORE = (
    "The other attempts stand in the table alone. Their entries are in the bundle, and so are the "
    "pictures that came out."
)
LABELS: dict[str, str] = {
    "take": "Take",
    "attempt": "Attempt",
    "engine": "Made by",
    "grade": "How alike",
    "recorded_picture": "as recorded",
    "again": "made again",
    "difference": "Difference",
    "compared": "Compared",
    "fact": "Environment",
    "then": "Then",
    "now": "Now",
    "unknown": "not on record",
    "not_told": "not told",
    "missing": "What stood in the way",
    "causes": "Likely causes of the difference",
    "assumed": "Taken as usual for this run",
    "film": "A film of the steps is in the bundle",
    "no_environment": "The record holds no environment to compare with.",
}
GRADES: dict[RerunGrade, str] = {
    RerunGrade.BIT_EXACT: "bit-exact",
    RerunGrade.WITHIN_TOLERANCE: "within tolerance",
    RerunGrade.VISUALLY_SAME: "visually the same",
    RerunGrade.DIFFERS: "differs",
    RerunGrade.CANNOT_RUN: "cannot run",
}
_MEANINGS: dict[RerunGrade, str] = {
    RerunGrade.BIT_EXACT: "Every pixel is the same as in the recorded picture.",
    RerunGrade.WITHIN_TOLERANCE: (
        "The pixels differ by so little as the same arithmetic in another order makes them differ."
    ),
    RerunGrade.VISUALLY_SAME: (
        "More differs than rounding explains. The fingerprints, the mean difference and every "
        "single place are those of one picture."
    ),
    RerunGrade.DIFFERS: "What came out is not the recorded picture, as a whole or in a part of it.",
    RerunGrade.CANNOT_RUN: "It could not be made again.",
}


def title(number: int | None, rerun: Rerun) -> str:
    """The heading of one attempt."""
    take = f"Take {number}" if number is not None else "A take"
    return f"{take}: {GRADES[rerun.grade]}"


def result(rerun: Rerun) -> str:
    """What came of one attempt, and by which program."""
    return f"{_MEANINGS[rerun.grade]} Engine: {rerun.engine}."


def difference(found: PictureDifference | None) -> str:
    """The figures of a difference; a dash where nothing came out."""
    if found is None:
        return "–"
    if found.largest == 0:
        return "none"
    said = (
        f"largest {found.largest} of 255 levels, mean {found.mean:.4f}, "
        f"in {100 * found.changed_share:.2f} % of the pixels"
    )
    if found.distance is not None:
        said += f"; fingerprints (PDQ) {found.distance} of 256 bits apart"
    if found.place is not None:
        said += f"; the mean of no place by more than {found.place:.1f} levels"
    if found.shift_px:
        said += f"; moved by {found.shift_px:g} pixels"
    return said


def picture_name(number: int | None, label: str) -> str:
    """What stands under a picture."""
    return f"Take {number}, {label}" if number is not None else label


def environment_rest(same: int, one_sided: int, *, differing: bool) -> str:
    """How many facts are the same, and how many stand on one side alone."""
    facts = "fact" if same == 1 else "facts"
    said = (
        f"{same} further {facts} agree."
        if differing
        else f"All {same} {facts} known of both agree."
    )
    if one_sided:
        verb = "is" if one_sided == 1 else "are"
        said += f" {one_sided} {verb} known for one of the two runs alone."
    return f"{LABELS['fact']}: {said}"


def differing(lines: tuple[EnvironmentLine, ...]) -> list[EnvironmentLine]:
    """The facts that are known on both sides and are not the same."""
    return [one for one in lines if None not in (one.recorded, one.now) and one.recorded != one.now]
