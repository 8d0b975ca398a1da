"""What is wished for a published copy, and what comes out: values between publishing and marks."""

from dataclasses import dataclass

from remarque.errors import MarkError
from remarque.marks.aigc import AigcLabel, label_of_author
from remarque.marks.containers.surgery import WRITABLE
from remarque.marks.credentials.manifest import NO_TRAINING, TrainingWish
from remarque.marks.credentials.signing import SigningKeys
from remarque.marks.visible import AI_LABEL, VisibleMark
from remarque.marks.xmp import TRAINED, check_text
from remarque.model.marks import MarkFound, Region


@dataclass(frozen=True, slots=True)
class AiLabelWish:
    """The visible label that says the picture is made by AI; ``font`` for other scripts."""

    text: str = AI_LABEL
    font: bytes | None = None


@dataclass(frozen=True, slots=True)
class CredentialsWish:
    """Content Credentials: the author's keys, the timestamp authority (none when empty)."""

    keys: SigningKeys
    tsa_url: str = ""
    training: TrainingWish = NO_TRAINING


@dataclass(frozen=True, slots=True)
class AiUse:
    """How AI was used, for XMP and credentials. The prompt is published only if it is here.

    ``system`` and ``version`` name the program and model as ``AISystemUsed`` has them.
    """

    system: str = ""
    version: str = ""
    prompt_writer: str = ""
    prompt: str = ""
    source_type: str = TRAINED


@dataclass(frozen=True, slots=True)
class MarkWishes:
    """Everything a published copy is to carry.

    ``work`` is the work id, ``commitment`` the leaf digest of the ledger entry. ``aigc`` writes
    the GB 45438 label. ``media_type`` is the output's; empty keeps the source's where possible.
    """

    author: str
    work: str
    commitment: str
    title: str = ""
    rights: str = ""
    web_statement: str = ""
    software: str = "Remarque"
    software_version: str = ""
    ai: AiUse = AiUse()
    aigc: bool = True
    visible: VisibleMark | None = None
    ai_label: AiLabelWish | None = None
    credentials: CredentialsWish | None = None
    media_type: str = ""

    @property
    def program(self) -> str:
        """The program's name with its version."""
        return f"{self.software} {self.software_version}".strip()

    def check(self) -> None:
        """Refuse wishes that cannot be fulfilled.

        Raises:
            MarkError: No author, a text with control characters, or another output format.
        """
        if not self.author.strip():
            raise MarkError("a published copy needs the author's name")
        if self.media_type and self.media_type not in WRITABLE:
            raise MarkError(
                f"copies are published as PNG, JPEG or WebP, not as {self.media_type!r}"
            )
        texts = {
            "the author's name": self.author,
            "the work id": self.work,
            "the title": self.title,
            "the rights statement": self.rights,
            "the name of the AI system": self.ai.system,
        }
        for what, text in texts.items():
            check_text(text, what)

    def label(self) -> tuple[AigcLabel | None, tuple[str, ...]]:
        """The GB 45438 label to write, if any, and what to know about it."""
        if not self.aigc:
            return None, ()
        return label_of_author(self.author, self.work, self.commitment)


@dataclass(frozen=True, slots=True)
class MarkedCopy:
    """A finished copy whose marks were all read back.

    ``marks`` are in the order they were written; ``mark_region`` and ``mark_layer`` (an RGBA PNG
    of that box) are the author's visible mark, ``label_region`` and ``label_layer`` the AI
    label's. ``credentials_timestamp`` is RFC 3339 text, empty without one.
    """

    content: bytes
    media_type: str
    width_px: int
    height_px: int
    marks: tuple[MarkFound, ...]
    mark_region: Region | None = None
    mark_layer: bytes | None = None
    label_region: Region | None = None
    label_layer: bytes | None = None
    credentials_timestamp: str = ""
    warnings: tuple[str, ...] = ()
