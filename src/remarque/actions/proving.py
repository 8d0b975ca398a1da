"""Gather one work's evidence and write the case file: a PDF and a bundle that verifies itself."""

from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

from remarque import __version__
from remarque.actions.checkpointing import close_sitting, make_checkpoint
from remarque.actions.placing import make_folder, place_file, refuse_existing
from remarque.actions.ports import Vault
from remarque.actions.recording import unique
from remarque.actions.withholding import secrets_in_entries, withhold_secrets
from remarque.actions.works import History, history_of
from remarque.casefile.bundle import write_bundle
from remarque.casefile.material import CaseMaterial, Consistency, ProvenEntry
from remarque.casefile.pdf import render_pdf
from remarque.casefile.story import tell_story
from remarque.errors import LedgerDamaged, NotFound, StoreError
from remarque.ledger.checkpoint import write_tlog_proof
from remarque.ledger.merkle import Tree
from remarque.model.digests import Digest
from remarque.model.entry import Checkpoint, Kind, StampState, StoredEntry
from remarque.model.reports import Outcome, Report
from remarque.model.times import format_time
from remarque.progress import Progress, Step, be_silent
from remarque.verifying.bundle import examine_bundle


@dataclass(frozen=True, slots=True)
class CaseWishes:
    """What the case is about and where it goes. ``sighting`` is a sighting id, or its start.

    ``with_private`` puts files into the bundle as they are, private paths and keys included.
    """

    out: Path
    sighting: str | None = None
    force: bool = False
    stamp: bool = True
    with_private: bool = False


@dataclass(frozen=True, slots=True)
class CaseFile:
    """A written case file and what an independent check of its bundle said.

    ``missing`` are files that are not in the bundle, those withheld for their secrets among them;
    ``warnings`` name entries that hold secrets themselves and had to be disclosed.
    """

    work: str
    pdf: Path
    bundle: Path
    entries: int
    pictures: int
    missing: tuple[tuple[Digest, str], ...]
    report: Report
    warnings: tuple[str, ...] = ()


def write_case(
    vault: Vault, work: str, wishes: CaseWishes, progress: Progress = be_silent
) -> CaseFile:
    """Write ``case.pdf`` and ``bundle.zip`` for a work; refuse one that would not verify.

    Raises:
        NotFound: No such work or sighting.
        AlreadyThere: The files exist and ``force`` is not given.
        LedgerDamaged: The bundle does not verify; nothing is left behind.
    """
    history = history_of(vault, work)
    sighting = _find_sighting(history, wishes.sighting)
    pdf, bundle = wishes.out / "case.pdf", wishes.out / "bundle.zip"
    make_folder(wishes.out)
    for path in (pdf, bundle):
        refuse_existing(path, force=wishes.force)
    progress(Step("case", 0, 3, "closing", "checkpoint and timestamp"))
    if wishes.stamp:
        close_sitting(vault)
    else:
        make_checkpoint(vault)
    gathered = gather(vault, history, sighting)
    warnings = secrets_in_entries(gathered.entries)
    for sentence in warnings:
        progress(Step("case", 0, 3, "warning", sentence))
    progress(Step("case", 1, 3, "rendering", "case.pdf"))
    material = gathered if wishes.with_private else withhold_secrets(vault, gathered)
    # The PDF shows pictures encoded anew, without metadata, so withheld files can be seen in it.
    pages = render_pdf(tell_story(material), read_picture=material.read_picture)
    progress(Step("case", 2, 3, "bundling", "bundle.zip"))
    report = _write_checked(vault, material, pages, bundle, wishes)
    place_file(pdf, pages, force=wishes.force)
    progress(Step("case", 3, 3, "written", str(wishes.out)))
    return CaseFile(
        work=history.work,
        pdf=pdf,
        bundle=bundle,
        entries=len(material.entries),
        pictures=len(material.pictures),
        missing=material.missing,
        report=report,
        warnings=warnings,
    )


def gather(vault: Vault, history: History, sighting: str | None) -> CaseMaterial:
    """Everything the case file of a work is made from, with proofs, and nothing of other works.

    Raises:
        LedgerDamaged: The ledger has no checkpoint over all entries of the work.
    """
    entries = [
        *vault.ledger.entries(kinds=[Kind.VAULT_OPENED]),
        *vault.ledger.entries(work=history.work),
    ]
    checkpoints = _checkpoints_for(vault, entries)
    tree = Tree(vault.ledger.leaf_digests(0, checkpoints[-1].size))
    named = unique(digest for stored in entries for digest in stored.entry.pictures)
    missing = tuple(
        (digest, reason) for digest in named if (reason := _why_missing(vault, digest)) is not None
    )
    gone = {digest for digest, _ in missing}
    sizes = {checkpoint.size for checkpoint in checkpoints}
    return CaseMaterial(
        author=vault.author.name,
        key_id=vault.author.key_id,
        verifier_key=vault.author.verifier_key,
        claim_chain=vault.author.claim_chain,
        identity_chain=vault.author.identity_chain,
        work=history.work,
        title=history.title,
        entries=tuple(_prove(stored, checkpoints, tree) for stored in entries),
        checkpoints=tuple(checkpoints),
        consistency=tuple(
            Consistency(old.size, new.size, tree.consistency_proof(old.size, new.size))
            for old, new in pairwise(checkpoints)
        ),
        stamps=tuple(stamp for stamp in vault.ledger.stamps() if stamp.size in sizes),
        trusted_roots=vault.authority_roots,
        pictures=tuple(digest for digest in named if digest not in gone),
        read_picture=vault.pictures.read,
        missing=missing,
        sighting=sighting,
        written_at=format_time(vault.clock.now()),
        software=f"Remarque {__version__}",
    )


def _checkpoints_for(vault: Vault, entries: list[StoredEntry]) -> list[Checkpoint]:
    """For each entry the earliest stamped checkpoint over it, and the newest of all."""
    checkpoints = vault.ledger.checkpoints()
    last_index = max(stored.index for stored in entries)
    if not checkpoints or checkpoints[-1].size <= last_index:
        raise LedgerDamaged("the newest checkpoint does not cover every entry of the work")
    stamped = {s.size for s in vault.ledger.stamps() if s.state is StampState.HELD}
    wanted = {checkpoints[-1].size}
    for stored in entries:
        covering = (c.size for c in checkpoints if c.size > stored.index and c.size in stamped)
        wanted.add(next(covering, checkpoints[-1].size))
    return [checkpoint for checkpoint in checkpoints if checkpoint.size in wanted]


def _prove(stored: StoredEntry, checkpoints: list[Checkpoint], tree: Tree) -> ProvenEntry:
    covering = next(c for c in checkpoints if c.size > stored.index)
    hashes = tree.inclusion_proof(stored.index, covering.size)
    return ProvenEntry(stored, write_tlog_proof(stored.index, hashes, covering.note))


def _why_missing(vault: Vault, digest: Digest) -> str | None:
    try:
        vault.pictures.path_of(digest)
    except StoreError as error:
        return error.message
    return None


def _write_checked(
    vault: Vault, material: CaseMaterial, pages: bytes, target: Path, wishes: CaseWishes
) -> Report:
    """Write the bundle beside its place, check it with the independent verifier, then place it."""
    beside = target.with_name(f".{target.name}.unchecked")
    sign = vault.keys.unlock().sign_ledger
    try:
        write_bundle(material, {"case.pdf": pages}, beside, sign)
        report = examine_bundle(beside, roots=vault.authority_roots)
        if report.outcome is Outcome.FAILS:
            bad = next(check for check in report.checks if check.outcome is Outcome.FAILS)
            raise LedgerDamaged(f"no case file was written, it would not verify: {bad.sentence}")
        refuse_existing(target, force=wishes.force)
        beside.replace(target)
    finally:
        beside.unlink(missing_ok=True)
    return Report(str(target), report.checks)


def _find_sighting(history: History, reference: str | None) -> str | None:
    if reference is None:
        return history.sightings[-1].body.sighting if history.sightings else None
    for sighting in history.sightings:
        if sighting.body.sighting.startswith(reference.lower()):
            return sighting.body.sighting
    raise NotFound(
        f"the work “{history.title}” has no sighting {reference}",
        hint="Find one first: remarque check SUSPECT",
    )
