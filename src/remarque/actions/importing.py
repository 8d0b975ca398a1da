"""Enter pictures that exist already: always *imported*, whatever their files claim.

Files are decoded and fingerprinted in threads, and entered in order in small durable batches,
so that an import that is broken off goes on where it stopped.
"""

from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from remarque.actions.finding_files import read_file
from remarque.actions.ports import Keeping, Vault
from remarque.actions.recording import Fact, new_id, record_all
from remarque.actions.taking import (
    describe_file,
    keep_chunks,
    look_at,
    modified_of,
    named_by,
    take_of,
    without_secrets,
)
from remarque.actions.works import history_of
from remarque.errors import DiskFull, InputError, StoreError, VaultBusy
from remarque.fingerprints.pdq import PDQ_VERSION
from remarque.intake import read_picture
from remarque.model.digests import Digest, digest_of
from remarque.model.history import Manner, Take
from remarque.progress import Progress, Step, be_silent

BATCH_FILES = 32
THUMBNAIL_PX = 512
WORKERS = 8  # most of the time of each is waiting for the disk


@dataclass(frozen=True, slots=True)
class Imported:
    """What became of one file: a take (new or known), or the reason it was left out."""

    path: Path
    picture: Digest | None = None
    take: str | None = None
    work: str | None = None
    new: bool = False
    problem: InputError | StoreError | None = None
    warning: str = ""
    keeping: Keeping | None = None


@dataclass(frozen=True, slots=True)
class ImportWishes:
    """How bytes are kept: ``in_place`` keeps only digest, thumbnail and metadata."""

    in_place: bool = False
    copy_always: bool = False


@dataclass(frozen=True, slots=True)
class _Prepared:
    """One file whose bytes are kept and whose take is ready to be entered."""

    path: Path
    take: Take
    fingerprint: bytes | None
    warning: str
    keeping: Keeping


def import_pictures(
    vault: Vault,
    files: Sequence[Path],
    work: str,
    wishes: ImportWishes | None = None,
    progress: Progress = be_silent,
) -> Iterator[Imported]:
    """Enter files as imported takes of a work, in the order given.

    A file that cannot be a take is reported with its problem and the others go on. A picture that
    the work already has is reported as known; nothing is written for it.

    Raises:
        DiskFull, VaultBusy: What was yielded before is safely on disk.
    """
    known = {t.body.picture.digest: t.body.take for t in history_of(vault, work).takes}
    intake = _Intake(vault, work, wishes or ImportWishes(), known)
    with ThreadPoolExecutor(WORKERS) as pool:
        for start in range(0, len(files), BATCH_FILES):
            batch = files[start : start + BATCH_FILES]
            yield from intake.enter(list(pool.map(intake.prepare, batch)))
            done = start + len(batch)
            progress(Step("import", done, len(files), "imported", batch[-1].name))


@dataclass(frozen=True, slots=True)
class _Intake:
    """One import under way. ``known`` maps the pictures of the work to their takes."""

    vault: Vault
    work: str
    wishes: ImportWishes
    known: dict[Digest, str]

    def prepare(self, path: Path) -> _Prepared | Imported:
        """Read, decode, fingerprint and keep one file; runs in a thread of its own."""
        try:
            content = read_file(path)
            digest = digest_of(content)
            if digest in self.known:
                return self._known_again(path, digest)
            return self._prepare_new(path, content)
        except (DiskFull, VaultBusy):
            raise
        except (InputError, StoreError) as error:
            return Imported(path, problem=error)

    def _known_again(self, path: Path, digest: Digest) -> Imported:
        """A picture the work has already; if its stored bytes are damaged or gone, mend them."""
        pictures, take = self.vault.pictures, self.known[digest]
        try:
            pictures.path_of(digest)
        except StoreError:
            if self.wishes.in_place:
                pictures.note_place(path.absolute(), digest)
                keeping = Keeping.IN_PLACE
            else:
                keeping = pictures.keep_file(path, digest, copy_always=self.wishes.copy_always)
            mended = f"{path.name}: the stored bytes were damaged or gone, and are whole again"
            return Imported(path, digest, take, self.work, warning=mended, keeping=keeping)
        return Imported(path, digest, take, self.work)

    def _prepare_new(self, path: Path, content: bytes) -> _Prepared:
        file = describe_file(content, path.name, modified_of(path))
        reading = without_secrets(read_picture(content))
        small_px = THUMBNAIL_PX if self.wishes.in_place else 0
        fingerprint, small, warning = look_at(content, path.name, thumbnail_px=small_px)
        pictures = self.vault.pictures
        keeping, kept_small = Keeping.IN_PLACE, None
        if self.wishes.in_place:
            pictures.note_place(path.absolute(), file.digest)
            kept_small = pictures.keep_bytes(small) if small is not None else None
        else:
            keeping = pictures.keep_file(path, file.digest, copy_always=self.wishes.copy_always)
        take = Take(
            take=new_id(),
            work=self.work,
            picture=file,
            generator=reading.generator,
            recipe=reading.recipe,
            manner=Manner.IMPORTED,
            metadata=keep_chunks(self.vault, reading),
            kept="in-place" if self.wishes.in_place else "store",
            thumbnail=kept_small,
            contradictions=reading.contradictions,
            remarks=reading.remarks,
        )
        return _Prepared(path, take, fingerprint, warning, keeping)

    def enter(self, prepared: list[_Prepared | Imported]) -> list[Imported]:
        """Append one batch of takes in order; their bytes are safe before they are named."""
        with self.vault.watching.turn():
            for item in prepared:
                if isinstance(item, _Prepared):
                    self._know_from_elsewhere(item.take.picture.digest)
            return self._enter(prepared)

    def _know_from_elsewhere(self, digest: Digest) -> None:
        """A watch of the same folder may have entered the picture since this import began."""
        take = take_of(self.vault, self.work, digest)
        if take is not None:
            self.known[digest] = take.take

    def _enter(self, prepared: list[_Prepared | Imported]) -> list[Imported]:
        results: list[Imported] = []
        fresh: list[_Prepared] = []
        for item in prepared:
            if isinstance(item, Imported):
                results.append(item)
                continue
            digest = item.take.picture.digest
            new = digest not in self.known
            if new:
                self.known[digest] = item.take.take
                fresh.append(item)
            results.append(
                Imported(
                    item.path,
                    digest,
                    self.known[digest],
                    self.work,
                    new,
                    None,
                    item.warning,
                    item.keeping,
                )
            )
        self._append(fresh)
        return results

    def _append(self, fresh: list[_Prepared]) -> None:
        if not fresh:
            return
        record_all(self.vault, [Fact(p.take, self.work, named_by(p.take)) for p in fresh])
        self.vault.fingerprints.put(
            (p.take.picture.digest, PDQ_VERSION, p.fingerprint)
            for p in fresh
            if p.fingerprint is not None
        )
