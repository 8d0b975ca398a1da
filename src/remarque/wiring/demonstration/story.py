"""The demonstration, step by step: each step does the real thing and says what it did."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from remarque.actions.checking import check
from remarque.actions.checkpointing import close_sitting
from remarque.actions.finding_files import read_file
from remarque.actions.orders import Engine
from remarque.actions.placing import make_folder, place_file
from remarque.actions.ports import Vault
from remarque.actions.proving import CaseWishes, write_case
from remarque.actions.publishing import PublishWishes, publish
from remarque.actions.works import histories
from remarque.errors import AlreadyThere
from remarque.model.digests import Digest
from remarque.model.history import Match
from remarque.model.reports import Report
from remarque.outside.loopback_authority import LoopbackAuthority
from remarque.pictures.decoding import decode
from remarque.pictures.encoding import encode
from remarque.verifying.bundle import examine_bundle
from remarque.wiring.clock import SystemClock
from remarque.wiring.demonstration.from_files import import_takes
from remarque.wiring.demonstration.made_here import account_for, can_make, make_takes
from remarque.wiring.demonstration.saying import Say, say_edition, say_match
from remarque.wiring.engines import EngineWishes, build_engine
from remarque.wiring.initialising import Founding, make_vault
from remarque.wiring.vaults import open_vault

AUTHOR = "A. Printmaker"
PASSPHRASE = "demonstration only"  # noqa: S105 - protects nothing but the demo vault
THIEF_QUALITY = 70


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
        """The pictures that were generated."""
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
    """Make, record, mark, find and prove, from the first idea to a verified bundle.

    Without the libraries for making, real pictures of another program are imported instead.
    Returns the verification report of the bundle, with the demonstration's authority trusted.

    Raises:
        AlreadyThere: The folder exists and ``force`` is not given.
    """
    places = Places(out)
    _make_room(places, force=force)
    with LoopbackAuthority(SystemClock()) as authority:
        place_file(places.authority_root, authority.root_pem)
        with _new_vault(places, authority, say) as vault:
            _tell(vault, places, say)
    return examine_bundle(places.case / "bundle.zip", roots=(authority.root_pem,))


def _tell(vault: Vault, places: Places, say: Say) -> None:
    with _engine(vault) as engine:
        if engine is not None:
            chosen = make_takes(vault, engine, say)
            _put_out(vault, places)
        else:
            chosen = import_takes(vault, places.generated, say)
        for stamp in close_sitting(vault):
            say(f"checkpoint over {stamp.size} entries, timestamp {stamp.state} {stamp.time}")
        edition = _publish(vault, chosen, places, say)
        match = _find(vault, _steal(places, edition, say), say)
        if engine is not None:
            account_for(vault, chosen, engine, say)
            close_sitting(vault)
    _prove(vault, places, match, say)


@contextmanager
def _engine(vault: Vault) -> Iterator[Engine | None]:
    """Diffusers in this process, where it is installed."""
    if not can_make():
        yield None
        return
    engine = build_engine(vault.clock, EngineWishes(hub=False))
    try:
        yield engine
    finally:
        engine.close()


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


def _put_out(vault: Vault, places: Places) -> None:
    """Copies of all takes, for people who look into the folder."""
    for history in histories(vault):
        for number, take in enumerate(history.takes, start=1):
            content = vault.pictures.read(take.body.picture.digest)
            place_file(places.generated / f"take-{number}.png", content)


def _publish(vault: Vault, chosen: Digest, places: Places, say: Say) -> Path:
    wishes = PublishWishes(visible=f"© {AUTHOR}", label_ai=True, credentials=True)
    published = publish(vault, chosen, places.published, wishes)
    close_sitting(vault)
    say_edition(published.edition, say)
    return published.path


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
    say_match(match, say)
    return match


def _prove(vault: Vault, places: Places, match: Match, say: Say) -> None:
    case = write_case(vault, match.work, CaseWishes(out=places.case, force=True))
    say(f"{case.pdf.name} and {case.bundle.name}: {case.entries} entries, {case.pictures} files")
