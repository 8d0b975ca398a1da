"""The case file as a PDF: PDF/A-3a and PDF/UA-1, tagged, the same bytes for the same story.

typst sets the pages. All text goes to it as data (``pages.json``), so nothing an author wrote can
act as markup; pictures are files in a temporary folder that is removed whatever happens. The date
in the document is the story's own, no clock is asked.
"""

import gzip
from importlib import resources
from pathlib import Path
from tempfile import TemporaryDirectory

from remarque.casefile.attachment import ledger_lines
from remarque.casefile.chapters import Story
from remarque.casefile.lettering import families_needed, texts_of
from remarque.casefile.pages import compose_pages
from remarque.casefile.plates import PlateMaker, ReadPicture
from remarque.errors import BundleError, PlaceUnusable
from remarque.model.canonical import Json, encode_canonical

_TEMPLATES = ("case.typ", "forms.typ", "look.typ")
_FONT_FILES = {
    "Noto Serif SC": "noto-serif-sc.ttf.gz",
    "Remarque Han Supplement": "han-supplement.ttf.gz",
    "Remarque Hangul": "hangul.ttf.gz",
}


def render_pdf(story: Story, *, read_picture: ReadPicture) -> bytes:
    """Set the case file.

    A picture that is gone or damaged is replaced by the sentence that says so.

    Args:
        story: What is told.
        read_picture: The bytes of a picture by its digest; may raise any ``RemarqueError``.

    Raises:
        PlaceUnusable: The temporary folder cannot be written to.
        BundleError: typst refused the document.
    """
    absences = {absence.digest: absence.reason for absence in story.absences}
    with TemporaryDirectory(prefix="remarque-case-", ignore_cleanup_errors=True) as name:
        folder = Path(name)
        pages = compose_pages(story, PlateMaker(folder, read_picture, absences))
        try:
            _lay_out(folder, pages, ledger_lines(story))
        except OSError as error:
            raise PlaceUnusable(
                f"the case file cannot be prepared in {folder}: {error}",
                hint="Free some room for temporary files and write the case file again.",
            ) from error
        return _typeset(folder)


def _lay_out(folder: Path, pages: Json, ledger: bytes) -> None:
    """Put template, data, attachment and the fonts these pages need into the folder."""
    house = resources.files("remarque.casefile")
    for template in _TEMPLATES:
        folder.joinpath(template).write_bytes(house.joinpath("templates", template).read_bytes())
    folder.joinpath("pages.json").write_bytes(encode_canonical(pages))
    folder.joinpath("ledger.jsonl").write_bytes(ledger)
    fonts = folder / "fonts"
    fonts.mkdir()
    for family in sorted(families_needed(texts_of(pages)) & _FONT_FILES.keys()):
        packed = house.joinpath("fonts", _FONT_FILES[family])
        fonts.joinpath(packed.name.removesuffix(".gz")).write_bytes(
            gzip.decompress(packed.read_bytes())
        )


def _typeset(folder: Path) -> bytes:
    import typst

    try:
        return typst.compile(
            str(folder / "case.typ"),
            root=str(folder),
            format="pdf",
            pdf_standards=["a-3a", "ua-1"],
            font_paths=[str(folder / "fonts")],
            ignore_system_fonts=True,
        )
    except RuntimeError as error:  # typst.TypstError is one, and paths that vanish raise it bare
        raise BundleError(
            f"the case file could not be set as a PDF: {error}",
            hint="The bundle’s other files are not affected; report this with the work’s title.",
        ) from error
