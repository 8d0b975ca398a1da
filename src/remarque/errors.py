"""Every exception Remarque raises, on one tree.

A person sees ``message`` (what went wrong, with which thing) and ``hint`` (what to do); a program
sees ``slug`` and ``exit_code`` (DESIGN §8: 1 negative verdict, 2 usage, 3 cannot decide, 4 other).
"Not found in this picture" is a value, never an exception.
"""

from typing import ClassVar


class RemarqueError(Exception):
    """The root: one clear sentence, a stable slug, what to do next."""

    slug: ClassVar[str] = "error"
    exit_code: ClassVar[int] = 4
    default_hint: ClassVar[str] = ""

    def __init__(self, message: str, *, hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint or self.default_hint


class UsageError(RemarqueError):
    """The command or call was put together wrongly."""

    slug = "usage"
    exit_code = 2


class Cancelled(RemarqueError):
    """The person stopped the work; what was finished is kept."""

    slug = "cancelled"


class InputError(RemarqueError):
    """Something given to Remarque cannot be used."""

    slug = "input"


class PictureUnreadable(InputError):
    """The bytes are not a picture this program can decode."""

    slug = "picture-unreadable"


class PictureTooLarge(InputError):
    """The picture has more pixels, frames or bytes than the limits allow."""

    slug = "picture-too-large"


class MetadataMalformed(InputError):
    """Structured text (JSON, XMP, EXIF, a note) breaks its own format."""

    slug = "metadata-malformed"


class StoreError(RemarqueError):
    """The vault on disk cannot do what was asked."""

    slug = "store"


class VaultMissing(StoreError):
    """There is no vault at this place."""

    slug = "vault-missing"
    default_hint = "Make one with: remarque init --author NAME"


class VaultExists(StoreError):
    """There is already something at the place where a vault should be made."""

    slug = "vault-exists"


class VaultTooNew(StoreError):
    """The vault was written by a newer Remarque."""

    slug = "vault-too-new"
    default_hint = "Install the newer Remarque; this one leaves the vault untouched."


class VaultDamaged(StoreError):
    """A file of the vault is not what was written there."""

    slug = "vault-damaged"
    default_hint = "Restore the vault from a backup."


class VaultBusy(StoreError):
    """Another process holds the vault and did not let go in time."""

    slug = "vault-busy"
    default_hint = "Wait for the other Remarque process to finish, then try again."


class DiskFull(StoreError):
    """The disk has no room; nothing half-written is left."""

    slug = "disk-full"
    default_hint = "Free some room and run the command again; what was acknowledged is safe."


class PlaceUnusable(StoreError):
    """A folder or file cannot be read or written (permissions, gone, not a folder)."""

    slug = "place-unusable"


class AlreadyThere(StoreError):
    """A file that would be written is already there."""

    slug = "already-there"
    default_hint = "Choose another place, or say --force to overwrite."


class NotFound(StoreError):
    """No such work, take, picture, edition or sighting in this vault."""

    slug = "not-found"


class Ambiguous(StoreError):
    """A name or short id fits more than one thing."""

    slug = "ambiguous"


class PictureGone(StoreError):
    """A picture kept in place is no longer where it was."""

    slug = "picture-gone"


class PictureDamaged(StoreError):
    """Stored bytes no longer have the digest they are filed under."""

    slug = "picture-damaged"


class BackupDamaged(StoreError):
    """A backup does not verify against its own list."""

    slug = "backup-damaged"


class KeyProblem(RemarqueError):
    """A key cannot be used."""

    slug = "key"


class PassphraseNeeded(KeyProblem):
    """A passphrase is needed and none was given."""

    slug = "passphrase-needed"
    default_hint = "Set REMARQUE_PASSPHRASE, store it with the OS keyring, or run in a terminal."


class WrongPassphrase(KeyProblem):
    """The passphrase does not open the keys."""

    slug = "wrong-passphrase"
    default_hint = "Try again, or use the recovery code from the recovery sheet as passphrase."


class KeyDamaged(KeyProblem):
    """A key file is not in the form Remarque writes."""

    slug = "key-damaged"
    default_hint = "Restore the vault from a backup."


class LedgerError(RemarqueError):
    """The ledger refuses, or does not add up."""

    slug = "ledger"


class EntryRejected(LedgerError):
    """An entry breaks the entry format and was not written."""

    slug = "entry-rejected"


class LedgerDamaged(LedgerError):
    """Stored entries, roots and signatures do not agree."""

    slug = "ledger-damaged"
    exit_code = 1
    default_hint = "Run: remarque audit"


class MarkError(RemarqueError):
    """A mark cannot be written or read back; nothing was published."""

    slug = "mark"


class MarkNotReadable(MarkError):
    """A mark was written but could not be read back from the file."""

    slug = "mark-not-readable"


class CredentialsRejected(MarkError):
    """Content Credentials could not be made or do not validate."""

    slug = "credentials-rejected"


class OutsideError(RemarqueError):
    """Something outside this machine failed."""

    slug = "outside"


class TimestampUnavailable(OutsideError):
    """The timestamp authority cannot be reached; the request stays queued."""

    slug = "timestamp-unavailable"
    default_hint = "Run: remarque timestamp, when the network is back."


class TimestampRejected(OutsideError):
    """The authority answered with something that does not verify."""

    slug = "timestamp-rejected"


class ProgramUnavailable(OutsideError):
    """A generator's own program (a ComfyUI server) cannot be reached or does not answer rightly."""

    slug = "program-unavailable"
    default_hint = "Start the program, check its address, then try again."


class MakingError(RemarqueError):
    """A picture could not be made; what was made before is kept."""

    slug = "making"


class LibraryMissing(MakingError):
    """A library that only making needs is not installed."""

    slug = "library-missing"
    exit_code = 2
    default_hint = "Install it with: pip install 'remarque[make]'"


class ModelMissing(MakingError):
    """A model file is nowhere it was looked for."""

    slug = "model-missing"


class ModelRefused(MakingError):
    """A model file is of a form that can run code of its own, or that this program never loads."""

    slug = "model-refused"


class ModelDamaged(MakingError):
    """A model file is cut off, empty, or not what its form promises."""

    slug = "model-damaged"


class ModelChanged(MakingError):
    """A model file is no longer the one the record names."""

    slug = "model-changed"


class OutOfMemory(MakingError):
    """The device has too little memory for this run; nothing was lost."""

    slug = "out-of-memory"
    default_hint = "Use --memory tight or --memory scarce, a smaller --size, or --device cpu."


class MakingFailed(MakingError):
    """The run ended without a usable picture."""

    slug = "making-failed"


class BundleError(RemarqueError):
    """A bundle cannot be written, or is not a bundle that may be opened."""

    slug = "bundle"


class BundleRefused(BundleError):
    """The archive is hostile or malformed (bomb, path traversal, not a zip)."""

    slug = "bundle-refused"
    exit_code = 1


class VerificationFailed(RemarqueError):
    """Bad evidence. Raised by ``verify``; ``report`` holds every judgement."""

    slug = "verification-failed"
    exit_code = 1

    def __init__(self, message: str, *, report: object, hint: str = "") -> None:
        super().__init__(message, hint=hint)
        self.report = report
