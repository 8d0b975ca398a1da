"""English: what the case file does not show, what stays open, how to check it."""

PARTS_LEAD = (
    "Good faith asks to say plainly what a machine made. This page puts what programs did beside "
    "what the record shows of the author’s own acts, and names what it cannot settle."
)

PARTS_UNSETTLED: tuple[str, ...] = (
    "Who typed the words: the author, a template, or another program. The record holds the words, "
    "not the hand.",
    "Which settings the author chose and which the program filled in by itself.",
    "What rights others have in the models and in the pictures that went in.",
    "Whether anything was painted or edited outside the programs named here.",
)

LIMITS: dict[str, str] = {
    "law": (
        "It does not show that the picture is protected in any country, or who holds which right. "
        "That is for a court."
    ),
    "person": (
        "It does not show who sat at the machine. Entries are signed with a key; whoever held the "
        "key and its passphrase could write them. The name beside the key is the author’s own word."
    ),
    "left_out": (
        "It does not show what was left out. A ledger holds what was put into it; takes made "
        "elsewhere, or in another ledger, are not here."
    ),
    "rerun": (
        "It does not show that the same settings give the same picture again: no take was rerun "
        "for this file."
    ),
    "why": (
        "It does not show why anything was changed, except where the author says so; those words "
        "are marked as statements."
    ),
    "unstamped": (
        "No outside timestamp covers these entries. The ledger shows their order and that nothing "
        "was changed after it was signed; the dates rest on the author’s machine alone."
    ),
    "demonstration": (
        "The timestamps here come from a program on the same machine, started for a demonstration. "
        "They prove nothing outside the demonstration."
    ),
    "before_stamp": (
        "An outside timestamp shows that something existed at its moment. What happened before it "
        "rests on the author’s machine and, for imports, on the files."
    ),
    "unknown_authority": (
        "No root that is publicly known, or trusted by the author, vouches for some of the "
        "timestamp authorities named here. Grades that rest on their stamps are only as good as "
        "those authorities."
    ),
    "copying": (
        "It does not show who copied from whom, when, or with whose leave. The comparison judges "
        "two pictures, not two people."
    ),
    "seen_at": (
        "It does not show where the suspect was found. It was handed in as a file; no page was "
        "captured for this file."
    ),
    "removal": (
        "It does not show who removed a mark. Platforms strip metadata by themselves; a missing "
        "metadata mark alone says nothing about intent."
    ),
    "rate": (
        "The false-accusation rate is a bound measured on other pictures. It is not the "
        "probability that this judgement is wrong."
    ),
    "watermark": (
        "It does not look for an invisible watermark: the published copies of this work carry none."
    ),
}

CHECKING: tuple[str, ...] = (
    "This document comes in a bundle: a zip archive with the ledger entries, their inclusion "
    "proofs, the signed checkpoints, the timestamps and the pictures themselves.",
    "VERIFY.md in the bundle gives the commands, step by step, with sha256sum and openssl alone. "
    "check.py in the bundle does the same with Python’s standard library; remarque verify does it "
    "with the software that wrote this file.",
    "The digest of this very document stands in SHA256SUMS in the bundle. The entries, proofs, "
    "checkpoints and timestamps are also attached to this document as ledger.jsonl.",
    "Ask the author for the key fingerprint by a second way, and compare it with the one on the "
    "cover. A bundle whose key is not the author’s proves nothing about the author.",
)

SIGNATURE_TEXT = (
    "I have read this file. The sentences marked as statements are mine, and they are true to the "
    "best of my knowledge."
)
SIGNATURE_LINES: tuple[str, ...] = ("Name", "Place and date", "Signature")
