"""Check suspects against every registered picture, and record what matches as a sighting."""

from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from os import cpu_count
from pathlib import Path

from remarque.actions.comparing_marks import Compared, compare_marks
from remarque.actions.finding_files import read_file
from remarque.actions.ports import Vault
from remarque.actions.recording import Fact, new_id, record_all
from remarque.actions.registered import Register, Registered
from remarque.actions.taking import describe_file, modified_of
from remarque.errors import DiskFull, InputError, RemarqueError, StoreError, VaultBusy
from remarque.fingerprints.pdq import pdq_all_ways
from remarque.fingerprints.searching import (
    SAME_BYTES_SCORE,
    TRIED_DISTANCE,
    Judgement,
    judge_described,
    shortlist,
)
from remarque.marks.reading import read_marks
from remarque.model.digests import Digest, digest_of
from remarque.model.history import Match, Sighting, Verdict
from remarque.model.marks import MarkFound
from remarque.model.times import format_time
from remarque.pictures.decoding import Picture, decode
from remarque.pictures.keypoints import describe
from remarque.progress import Progress, Step, be_silent

FOUND = (Verdict.COPY, Verdict.PARTIAL, Verdict.DERIVED)
MOST_MATCHES = 8
TOGETHER = 16


@dataclass(frozen=True, slots=True)
class Checked:
    """What a check says about one suspect, or the problem that kept it from saying anything.

    ``matches`` are best first; ``sighting`` is the id of the recorded sighting, None where
    nothing matched.
    """

    suspect: Path
    verdict: Verdict = Verdict.UNDECIDED
    matches: tuple[Match, ...] = ()
    marks: tuple[MarkFound, ...] = ()
    sighting: str | None = None
    problem: RemarqueError | None = None
    warnings: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class _Hit:
    """A registered picture with its judgement."""

    row: Registered
    judgement: Judgement


def check(
    vault: Vault, suspects: Sequence[Path], progress: Progress = be_silent
) -> Iterator[Checked]:
    """Judge each suspect; a match is recorded as a sighting before it is yielded.

    A suspect that cannot be read is yielded with its problem, and the others go on.

    Raises:
        DiskFull, VaultBusy: What was yielded before is recorded.
    """
    register = Register(vault)
    for done, path in enumerate(suspects):
        progress(Step("check", done, len(suspects), "checking", path.name))
        try:
            content = read_file(path)
            checked = _judge(vault, register, path, content)
        except (DiskFull, VaultBusy):
            raise
        except (InputError, StoreError) as error:
            yield Checked(path, problem=error)
            continue
        yield _record(vault, checked, content) if checked.matches else checked


def _judge(vault: Vault, register: Register, path: Path, content: bytes) -> Checked:
    marks = read_marks(content)
    same = register.by_digest.get(digest_of(content))
    if same is not None:
        match = _same_bytes(same, digest_of(content))
        return Checked(path, Verdict.COPY, (match,), marks)
    picture = decode(content)
    hits, warnings = _search(register, picture)
    found = [hit for hit in hits if hit.judgement.verdict in FOUND]
    doubtful = [hit for hit in hits if hit.judgement.verdict is Verdict.UNDECIDED]
    chosen = (found or doubtful)[:MOST_MATCHES]
    matches = tuple(_match(vault, hit, picture, marks) for hit in chosen)
    verdict = chosen[0].judgement.verdict if chosen else Verdict.NONE
    if warnings and not found:
        verdict = Verdict.UNDECIDED  # a picture that could not be compared may be the one
    return Checked(path, verdict, matches, marks, warnings=warnings)


def _search(register: Register, picture: Picture) -> tuple[list[_Hit], tuple[str, ...]]:
    """Judge the short list, nearest first; after a find only near relatives are tried."""
    rows, table = register.searchable
    if not rows:
        return [], ()
    suspect = describe(picture.pixels)
    candidates = shortlist(pdq_all_ways(suspect.colours), table)
    hits: list[_Hit] = []
    warnings: list[str] = []

    def judge(candidate_index: int, pdq_distance: int) -> _Hit | str:
        row = rows[candidate_index]
        try:
            reference = register.described(row)
        except (InputError, StoreError) as error:
            return f"not compared with take {row.take.body.take}: {error.message}"
        return _Hit(row, judge_described(suspect, reference, pdq_distance))

    with ThreadPoolExecutor(cpu_count() or 2) as pool:
        for start in range(0, len(candidates), TOGETHER):
            batch = candidates[start : start + TOGETHER]
            if batch[0].pdq_distance > TRIED_DISTANCE and any(
                hit.judgement.verdict in FOUND for hit in hits
            ):
                break
            for result in pool.map(lambda c: judge(c.index, c.pdq_distance), batch):
                if isinstance(result, _Hit):
                    hits.append(result)
                else:
                    warnings.append(result)
    return sorted(hits, key=_worth, reverse=True), tuple(warnings)


def _worth(hit: _Hit) -> tuple[int, int]:
    return hit.judgement.agreement.agreeing, hit.judgement.score


def _match(vault: Vault, hit: _Hit, picture: Picture, marks: Sequence[MarkFound]) -> Match:
    judgement, row = hit.judgement, hit.row
    alignment = judgement.alignment
    compared = Compared()
    if alignment is not None:
        compared = compare_marks(vault, row, picture.pixels, alignment, marks)
    edition = compared.edition
    return Match(
        picture=row.picture,
        work=row.history.work,
        edition=edition.edition if edition else None,
        take=row.take.body.take,
        score=float(judgement.score),
        false_accusation_rate=judgement.false_accusation_rate,
        region=alignment.region if alignment else (),
        share=alignment.share if alignment else 0.0,
        transform=judgement.transform,
        removed=compared.removed,
        marks_missing=compared.missing,
        difference=compared.difference,
        method=judgement.method.value,
    )


def _same_bytes(row: Registered, digest: Digest) -> Match:
    file = row.take.body.picture
    edition = next((e.body for e in row.editions if e.body.picture == digest), None)
    width, height = (
        (edition.width_px, edition.height_px) if edition else (file.width_px, file.height_px)
    )
    return Match(
        picture=row.picture,
        work=row.history.work,
        edition=edition.edition if edition else None,
        take=row.take.body.take,
        score=float(SAME_BYTES_SCORE),
        false_accusation_rate=0.0,
        region=(
            (0.0, 0.0),
            (float(width), 0.0),
            (float(width), float(height)),
            (0.0, float(height)),
        ),
        share=1.0,
        transform="the same file, byte for byte",
        method="digest",
    )


def _record(vault: Vault, checked: Checked, content: bytes) -> Checked:
    """One sighting for each work that matched: a bundle must not tell of the author's others."""
    suspect = vault.pictures.keep_bytes(content)
    file = describe_file(content, checked.suspect.name, modified_of(checked.suspect))
    facts = []
    for work in dict.fromkeys(match.work for match in checked.matches):
        matches = tuple(match for match in checked.matches if match.work == work)
        sighting = Sighting(
            sighting=new_id(),
            work=work,
            suspect=file,
            seen_at=format_time(vault.clock.now()),
            verdict=checked.verdict,
            matches=matches,
            marks=checked.marks,
        )
        differences = (match.difference for match in matches if match.difference is not None)
        named = (suspect, *(match.picture for match in matches), *differences)
        facts.append(Fact(sighting, work, named))
    record_all(vault, facts)
    first = facts[0].body
    return replace(checked, sighting=first.sighting if isinstance(first, Sighting) else None)
