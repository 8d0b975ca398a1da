"""What credentials say, as plain sentences."""

from remarque.marks.credentials.found import Credentials, Identity, Ingredient
from remarque.marks.wording import shown
from remarque.model.marks import MarkState

_REASONS = {
    "assertion.dataHash.mismatch": "the file was changed after it was signed",
    "assertion.boxesHash.mismatch": "the file was changed after it was signed",
    "assertion.hashedURI.mismatch": "a statement in the credentials was changed",
    "assertion.missing": "a statement was taken out of the credentials",
    "claimSignature.mismatch": "the signature does not fit what it signs",
    "signingCredential.invalid": "the certificate is of a kind that may not sign credentials",
    "signingCredential.expired": "the certificate has expired, and no trusted timestamp shows "
    "that it signed before",
    "signingCredential.revoked": "the certificate was revoked",
    "claim.missing": "the claim is missing",
}


def describe_credentials(found: Credentials) -> str:
    """One sentence about the Content Credentials of a picture."""
    if found.state is MarkState.ABSENT:
        return "no Content Credentials"
    if found.state is MarkState.UNDECIDED:
        return f"Content Credentials: {shown(found.problem, 300)}"
    signer = f"signed by {shown(found.signer) or 'somebody who is not named'}"
    if found.claim_generator:
        signer += f" with {shown(found.claim_generator)}"
    if found.state is MarkState.BROKEN:
        return f"Content Credentials {signer} do not check out: {reason_broken(found)}"
    made_from = _ingredients(found)
    if found.own:
        return f"Content Credentials {signer} check out: the author's own certificate{made_from}"
    if found.state is MarkState.TRUSTED:
        return f"Content Credentials {signer} check out, and the signer is known{made_from}"
    return (
        f"Content Credentials {signer} are intact; whether the signer is who it says is not known"
        f"{made_from}"
    )


def _ingredients(found: Credentials) -> str:
    """What the picture was made from, where that has credentials of its own."""
    kept = [
        (shown(part.title) or "a picture") + (" (broken)" if _is_broken(part) else "")
        for part in found.ingredients
        if part.has_credentials
    ]
    return f"; made from {', '.join(kept)} with its own credentials" if kept else ""


def _is_broken(part: Ingredient) -> bool:
    return any(not code.endswith(".untrusted") for code in part.failures)


def reason_broken(found: Credentials) -> str:
    """Why credentials do not check out."""
    reasons = [_REASONS[code] for code in found.failures if code in _REASONS]
    others = [code for code in found.failures if not code.endswith(".untrusted")]
    return (
        "; ".join(dict.fromkeys(reasons)) or shown(found.problem, 300) or shown(", ".join(others))
    )


def describe_identity(who: Identity) -> str:
    """One sentence about a CAWG identity."""
    name = shown(who.name) or "a person who is not named"
    if who.state is MarkState.TRUSTED:
        return f"{name} vouches for this picture, by a certificate that is known"
    if who.state is MarkState.INTACT:
        return f"{name} vouches for this picture; whether the certificate is theirs is not known"
    if who.state is MarkState.UNDECIDED:
        return f"{name} is named as vouching for this picture, in a form that cannot be checked"
    return f"{name} is named as vouching for this picture, but that does not check out"


def describe_timestamp(found: Credentials) -> str:
    """One sentence about the timestamp inside the credentials."""
    if found.timestamp is MarkState.TRUSTED:
        return f"signed before {shown(found.time)}, by a timestamp authority that is known"
    if found.timestamp is MarkState.INTACT:
        return f"signed before {shown(found.time)}, by a timestamp authority that is not known"
    return "there is a timestamp, but it or the credentials it covers do not check out"
