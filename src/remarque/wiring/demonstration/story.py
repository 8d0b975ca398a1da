"""The demonstration, step by step: each step does the real thing and says what it did."""

import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from textwrap import shorten

from remarque.actions.checking import check
from remarque.actions.checkpointing import close_sitting
from remarque.actions.choosing import choose
from remarque.actions.finding_files import in_order_of_making, read_file
from remarque.actions.importing import import_pictures
from remarque.actions.lineage import infer_work
from remarque.actions.placing import make_folder, place_file
from remarque.actions.ports import Vault
from remarque.actions.proving import CaseWishes, write_case
from remarque.actions.publishing import PublishWishes, publish
from remarque.actions.telling import tell
from remarque.actions.works import open_work, state_intent
from remarque.errors import AlreadyThere
from remarque.model.history import Edition, Match
from remarque.model.reports import Report
from remarque.outside.loopback_authority import LoopbackAuthority
from remarque.pictures.decoding import decode
from remarque.pictures.encoding import encode
from remarque.verifying.bundle import examine_bundle
from remarque.wiring.clock import SystemClock
from remarque.wiring.initialising import Founding, make_vault
from remarque.wiring.vaults import open_vault

AUTHOR = "A. Printmaker"
TITLE = "A galaxy in a bottle"
INTENT = (
    "A whole night sky shut in a bottle, standing among everyday things, "
    "so that the small and the endless meet on one table."
)
REASON = (
    "In this one the galaxy fills the bottle itself and the kitchen table makes it strange; "
    "in the others the sky is only scenery."
)
PASSPHRASE = "demonstration only"  # noqa: S105 - protects nothing but the demo vault
PICTURES = Path(__file__).parent / "pictures"
THIEF_QUALITY = 70

Say = Callable[[str], None]
"""Told one line after another about what goes on."""


@dataclass(frozen=True, slots=True)
class Places:
    """Where the demonstration puts things."""

    out: Path

    @property
    def vault(self) -> Path:
        """The demo artist's vault."""
        return self.out / "vault"

    @property
    def generated(self) -> Path:
        """What the artist's generator saved."""
        return self.out / "1-generated"

    @property
    def published(self) -> Path:
        """What the artist published."""
        return self.out / "2-published"

    @property
    def stolen(self) -> Path:
        """What somebody else posted."""
        return self.out / "3-seen-elsewhere"

    @property
    def case(self) -> Path:
        """The case file."""
        return self.out / "4-case"

    @property
    def authority_root(self) -> Path:
        """The root certificate of the demonstration's own timestamp authority."""
        return self.out / "demonstration-authority.pem"


def run_demonstration(out: Path, say: Say, *, force: bool = False) -> Report:
    """Record, mark, find and prove, from real generator files to a verified bundle.

    Returns the verification report of the bundle, with the demonstration's authority trusted.

    Raises:
        AlreadyThere: The folder exists and ``force`` is not given.
    """
    places = Places(out)
    _make_room(places, force=force)
    with LoopbackAuthority(SystemClock()) as authority:
        place_file(places.authority_root, authority.root_pem)
        with _new_vault(places, authority, say) as vault:
            _record(vault, places, say)
            edition = _publish(vault, places, say)
            stolen = _steal(places, edition, say)
            match = _find(vault, stolen, say)
            _prove(vault, places, match, say)
    return examine_bundle(places.case / "bundle.zip", roots=(authority.root_pem,))


def _make_room(places: Places, *, force: bool) -> None:
    if places.out.exists() and any(places.out.iterdir()):
        if not force:
            raise AlreadyThere(f"the folder {places.out} is not empty")
        if not places.authority_root.exists():
            raise AlreadyThere(
                f"{places.out} holds other things than a demonstration",
                hint="Choose an empty folder: --force replaces an earlier demonstration only.",
            )
        shutil.rmtree(places.out)
    for folder in (places.generated, places.published, places.stolen, places.case):
        make_folder(folder)
    for picture in sorted(PICTURES.glob("*.png")):
        shutil.copyfile(picture, places.generated / picture.name)


@contextmanager
def _new_vault(places: Places, authority: LoopbackAuthority, say: Say) -> Iterator[Vault]:
    made = make_vault(
        places.vault,
        Founding(
            author=AUTHOR,
            passphrase=PASSPHRASE,
            authorities=(authority.url,),
            authority_roots=(authority.root_pem,),
        ),
    )
    say(f"vault of {AUTHOR}, key fingerprint {made.key_id}")
    with open_vault(places.vault, passphrase=PASSPHRASE) as vault:
        yield vault


def _record(vault: Vault, places: Places, say: Say) -> None:
    work, _ = open_work(vault, TITLE)
    state_intent(vault, work, INTENT)
    files = in_order_of_making(places.generated.iterdir())
    for imported in import_pictures(vault, files, work):
        if imported.problem is not None:
            raise imported.problem
        say(f"imported {imported.path.name} as take {imported.take}")
    for _ in infer_work(vault, work):
        pass
    for step in tell(vault, work).steps:
        for change in step.changes[:3]:
            say(f"  take {step.number}, {change.category}: {shorten(change.sentence, 90)}")
    selection = choose(vault, "take-3.png", [], REASON)
    say(f"chosen over {len(selection.over)} others, with a reason")
    for stamp in close_sitting(vault):
        say(f"checkpoint over {stamp.size} entries, timestamp {stamp.state} {stamp.time}")


def _publish(vault: Vault, places: Places, say: Say) -> Path:
    wishes = PublishWishes(visible=f"© {AUTHOR}", label_ai=True, credentials=True)
    published = publish(vault, "take-3.png", places.published, wishes)
    close_sitting(vault)
    _say_edition(published.edition, say)
    return published.path


def _say_edition(edition: Edition, say: Say) -> None:
    say(f"published {edition.name}")
    for mark in edition.marks:
        say(f"  {mark.kind}: {mark.state}, {shorten(mark.detail, 90)}")


def _steal(places: Places, edition: Path, say: Say) -> Path:
    """What the blogger in Li v. Liu did: cut the mark off, save again, say nothing."""
    picture = decode(read_file(edition))
    height = picture.pixels.shape[0]
    cut = picture.pixels[: round(height * 0.88), :, :3]
    stolen = places.stolen / "blog-post.jpg"
    place_file(stolen, encode(cut, "image/jpeg", quality=THIEF_QUALITY))
    say(f"{stolen.name}: bottom strip with the mark cut off, saved again as JPEG {THIEF_QUALITY}")
    return stolen


def _find(vault: Vault, stolen: Path, say: Say) -> Match:
    result = next(check(vault, [stolen]))
    match = result.matches[0]
    close_sitting(vault)
    say(f"verdict: {result.verdict}; {match.transform}")
    say(
        f"  share of our picture seen: {match.share:.0%}, score {match.score:.0f},"
        f" false accusations at this score: at most {match.false_accusation_rate:.2g}"
    )
    for mark, state in match.removed.items():
        say(f"  {mark}: {state}")
    say(f"  marks missing: {', '.join(match.marks_missing)}")
    return match


def _prove(vault: Vault, places: Places, match: Match, say: Say) -> None:
    case = write_case(vault, match.work, CaseWishes(out=places.case, force=True))
    say(f"{case.pdf.name} and {case.bundle.name}: {case.entries} entries, {case.pictures} files")
