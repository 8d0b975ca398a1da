"""English: headings, labels and fixed sentences of the case file, in one place for review.

No sentence promises a legal outcome, and none says who owns what. The words for how far a fact
can be trusted are those of DESIGN §3. Sentences with values in them are in ``sentences_en``.
"""

from remarque.model.grades import Grade
from remarque.model.history import Verdict

LANGUAGE = "en"
CASE_FILE = "Case file"
SUBTITLE = "The record of how a picture was made"

GRADE_MEANINGS: dict[Grade, str] = {
    Grade.CONTEMPORANEOUS: (
        "Recorded within 10 minutes of the file coming into being, and covered by an outside "
        "timestamp within 24 hours."
    ),
    Grade.RECORDED: (
        "Recorded as it happened; the outside timestamp is still to come, or came later than "
        "24 hours."
    ),
    Grade.IMPORTED: (
        "Read from a file at a later date. What happened before that date rests on the file "
        "alone. An import stays an import for ever."
    ),
    Grade.SELF_ATTESTED: (
        "No outside anchor at all: the date rests on the clock of the author’s own machine."
    ),
}

SOURCES_OF_WORDS: tuple[tuple[str, str], ...] = (
    (
        "statement",
        "What the author says: the intent, and the reasons for a selection. Nobody else has "
        "confirmed it. That it was said, in these words, is what the record shows.",
    ),
    (
        "recorded",
        "What was written into the ledger: files, their digests, what the files say about their "
        "own making, and the time of the author’s machine.",
    ),
    (
        "inferred",
        "What this program concludes from the record: what changed from one take to the next, "
        "which take another was made from, what moving or deleting files says about a selection, "
        "and how a suspect picture relates to a published one.",
    ),
)

VERDICT_MEANINGS: dict[Verdict, str] = {
    Verdict.COPY: "At least half of our picture is seen, and it fills half of the suspect or more.",
    Verdict.PARTIAL: "The suspect shows a part of the registered picture.",
    Verdict.DERIVED: "The suspect is built on the registered picture and differs from it.",
    Verdict.NONE: "No relation to the registered picture was found.",
    Verdict.UNDECIDED: "The comparison cannot decide.",
}

DEMONSTRATION_STAMP = (
    "This stamp was made by a program on the same machine and proves nothing outside the "
    "demonstration."
)

HEADINGS: dict[str, str] = {
    "reading": "How to read this file",
    "grades": "How far a fact can be trusted",
    "sources": "Where a sentence comes from",
    "signs": "Signs in the step table",
    "contents": "In this file",
    "intent": "The intent",
    "steps": "The making, step by step",
    "edits": "Edits outside the generator",
    "tally": "What went into the work, counted",
    "first": "The first take in full",
    "chosen": "The chosen take in full",
    "source": "The take it was made from, in full",
    "selection": "The selection",
    "inferred": "Selections inferred from what was done with the files",
    "gaps": "Known gaps in the record",
    "seen": "Seen as it happened",
    "withheld": "Files kept back, and why",
    "editions": "What was published, and its marks",
    "copy": "The suspect picture",
    "side_by_side": "Side by side",
    "difference": "The difference",
    "judgement": "How they were compared",
    "removed": "What became of the marks",
    "sightings": "Sightings on record",
    "timeline": "The course of events",
    "evidence": "The evidence, fact by fact",
    "limits": "What this file does not show",
    "parts": "What is AI, what is the author’s",
    "by_programs": "Made by programs",
    "by_author": "Acts of the author on record",
    "unsettled": "Not settled by this record",
    "integrity": "Integrity, and how to check it",
    "keys": "The key",
    "checkpoints": "Signed checkpoints and their timestamps",
    "pictures": "Digests of the pictures",
    "entries": "Entries of the ledger",
    "checking": "How to check this without trusting anybody",
    "signature": "For signature",
    "appendix_steps": "Appendix A: every take",
    "appendix_entries": "Appendix B: every entry and picture",
}

LABELS: dict[str, str] = {
    "author": "Author",
    "work": "Work",
    "title": "Title",
    "key": "Key fingerprint",
    "verifier_key": "Verifier key",
    "written": "Written",
    "software": "Written by",
    "about": "About",
    "takes": "Takes on record",
    "sighting": "Sighting",
    "take": "Take",
    "recorded_at": "recorded",
    "file_time": "file’s own time",
    "stamped_at": "stamped",
    "first_take": "The first take; its recipe stands in full after this table.",
    "no_change": "No change in the recipe.",
    "chosen": "chosen",
    "passed_over": "passed over",
    "preferred": "preferred (inferred)",
    "begins": "A new beginning",
    "value": "Value",
    "kept_back": "kept back, see “Files kept back, and why”",
    "changed_region": "changed region (white)",
    "made": "Pictures made",
    "set_aside": "Chosen and passed over",
    "values_tried": "Different values tried",
    "sittings": "Sittings",
    "seen_by": "Seen by",
    "program": "Program",
    "run": "Run",
    "unsaved": "a preview the program did not save",
    "caught_up": "lay there before the watch began; its coming was not seen",
    "model_files": "Model files",
    "environment": "Environment",
    "could_not_record": "Could not be recorded",
    "executed": "What the program ran (digest)",
    "ran": "Ran",
    "latents": "Digests of the steps",
    "observer": "Seen by",
    "went_in": "a picture that went in",
    "ran_file": "what the program ran",
    "metadata_file": "its metadata as read",
    "program_unknown": "not known to this observer",
    "unread": "its digest could not be read",
    "role": "Role",
    "used_in": "Takes",
    "what": "What it is",
    "missing": "Missing",
    "noticed": "Noticed",
    "statement": "statement",
    "not_recorded": "not recorded in the file",
    "prompt_empty": "(recorded as empty)",
    "word": "Word",
    "meaning": "Meaning",
    "sign": "Sign",
    "here": "In this file",
    "time": "Time (UTC)",
    "event": "What",
    "clock": "Whose time",
    "fact": "Fact",
    "grade": "Grade",
    "why": "Why",
    "mark": "Mark",
    "state": "State",
    "detail": "What was read back",
    "in_edition": "In the published copy",
    "in_suspect": "In the suspect",
    "published_copy": "Published copy",
    "registered_picture": "Registered picture",
    "suspect": "Suspect",
    "verdict": "Verdict",
    "seen_at": "Checked",
    "seen_on": "In the ledger",
    "score": "Score",
    "share": "Part of our picture seen",
    "transform": "How it differs",
    "method": "Method",
    "false_accusation": "False accusations, measured",
    "other_matches": "Also matched",
    "size": "Entries covered",
    "root": "Root, and the timestamps over it",
    "authority": "Authority",
    "picture": "Picture",
    "digest": "Digest",
    "entry": "Entry",
    "kind": "Kind",
    "leaf": "Leaf digest (RFC 9162)",
    "changes": "Changes",
    "category": "Category",
    "count": "Count",
    "name": "Name",
    "file": "File",
    "commitment": "Commitment carried by the copy",
    "edition": "Edition",
    "picture_absent": "Picture not available",
}

CATEGORIES: dict[str, str] = {
    "words": "Words",
    "arrangement": "Arrangement",
    "parameters": "Parameters",
    "inputs": "Inputs",
    "selection": "Selection",
    "edit": "Edit",
}

FIELDS: dict[str, str] = {
    "prompt": "Prompt",
    "negative_prompt": "Negative prompt",
    "seed": "Seed",
    "steps": "Steps",
    "cfg": "Guidance (CFG)",
    "sampler": "Sampler",
    "scheduler": "Scheduler",
    "model": "Model",
    "model_hash": "Model hash",
    "vae": "VAE",
    "clip_skip": "Clip skip",
    "denoise": "Denoise",
    "generated_size": "Generated size",
    "final_size": "Final size",
    "loras": "LoRAs",
    "sources": "Pictures that went in",
    "passes": "Further passes",
    "settings": "Further settings",
    "generator": "Generator",
}

MARKS: dict[str, str] = {
    "visible": "Visible mark",
    "ai-label": "AI label on the picture",
    "watermark": "Invisible watermark",
    "text": "Text in the file",
    "exif": "EXIF",
    "xmp": "XMP / IPTC",
    "aigc": "GB 45438 label",
    "c2pa": "Content Credentials",
    "cawg-identity": "Identity of the author (CAWG)",
    "c2pa-timestamp": "Timestamp in the credentials",
}

MARK_FATES: dict[str, str] = {
    "kept": "kept",
    "reconstructed": "removed, and the ground beneath it reconstructed",
    "covered": "covered",
    "cropped": "cropped away",
    "undecided": "cannot be decided",
}

MARK_STATES: dict[str, str] = {
    "present": "present",
    "intact": "checks out; the signer is not on a public list",
    "trusted": "checks out; the signer is known",
    "broken": "found, and does not check out",
    "absent": "not found",
    "undecided": "cannot be decided",
}

METHODS: dict[str, str] = {
    "keypoints": "Points found in both pictures that agree on one geometry",
    "whole-picture": "The pictures as wholes, block by block, after alignment",
    "digest": "The bytes: the SHA-256 digests of the two files are equal",
}

ENTRY_KINDS: dict[str, str] = {
    "vault.opened": "The ledger was opened",
    "work.opened": "The work was opened",
    "intent.stated": "The author stated the intent",
    "take.imported": "A take was entered",
    "take.recorded": "A take was recorded as it happened",
    "lineage.inferred": "Where a take comes from was inferred",
    "selection.inferred": "A selection was inferred from what the author did with the files",
    "selection.made": "The author made a selection",
    "edition.published": "An edition was published",
    "sighting.recorded": "A suspect picture was recorded",
    "take.rerun": "A take was made again from its record",
    "take.explained": "What each choice did in a take was tried out",
    "gap.noted": "Something missing from the record was noted",
}

CLOCKS: dict[str, str] = {
    "file": "the file itself",
    "author": "the author’s machine",
    "authority": "a timestamp authority",
    "demonstration": "the same machine",
}

LANES: dict[str, str] = {
    "file": "Files’ own times",
    "author": "Recorded",
    "authority": "Outside stamps",
    "demonstration": "Stamps (demonstration)",
}

READING_LEAD = (
    "This file tells how one picture came to be, from a ledger that is written while the work is "
    "being done, signed entry by entry, and can only be added to. It puts the record in order. It "
    "does not judge, and it does not say what follows from it in law."
)

SIGNS: tuple[tuple[str, str, str], ...] = (
    ("added", "soft light", "Words that were added."),
    ("removed", "soft light", "Words that were taken out."),
    ("moved", "soft light", "Words that were moved or given another weight."),
)

UNSHOWN_CHARACTERS = (
    "Times are in Coordinated Universal Time (UTC). A character that none of the fonts in this "
    "document has, or that is invisible, is written as its number, for example [U+1F98A]. The "
    "exact text is in the ledger entry attached to this document."
)

INTENT_ABSENT = "No intent is on record: the author has not said what the picture was to become."
STEPS_ABSENT = "No take is on record."
SELECTION_ABSENT = "No selection is on record."
SELECTION_UNSTATED = "The author stated no selection."
INFERRED_LEAD = (
    "The author gave no reason for these. What was done with the files is recorded; that it was a "
    "selection is inferred."
)
GAPS_LEAD = (
    "The recorder noticed that these things should be on record and are not. What they would show "
    "is unknown."
)
REASON_ABSENT = "No reason was given."
EDITIONS_ABSENT = "No published copy is on record."
COPY_ABSENT = "This file is about the making of the work; it accuses no picture."

STEPS_LEAD = (
    "One row a take. What changed is inferred by comparing what the file and the one it came from "
    "say about their own making, in the categories of the Beijing Internet Court in Li v. Liu "
    "(2023): the choice of words, their arrangement, the parameters. Which take one came from is "
    "inferred too, and the basis is named. A fact that only one of the two files records is not "
    "counted as a change."
)
EDITS_LEAD = (
    "These pictures differ from an earlier one in a region, and nothing in them says that a "
    "generator made the difference. That somebody edited them is inferred from the two pictures."
)

RELATIONS: dict[str, str] = {
    "image-to-image": "Image-to-image",
    "inpaint": "Inpainted",
    "outpaint": "Outpainted",
    "upscale": "Upscaled",
    "edit": "Edited outside the generator",
    "re-save": "Saved again",
    "control picture": "Guided by a control picture",
    "variation": "The same words and settings tried again",
}

MARK_OUTLINED = "(dashed: where its visible marks are)"
REGION_OUTLINED = "(outlined: where our picture was found)"
MARK_MISSING = "missing"
MARK_NOT_COMPARED = "not compared"
MARKS_NOTE = (
    "A visible mark is judged by its pixels; the other marks are looked for in the suspect’s file. "
    "Many platforms strip metadata from every upload."
)
ATTACHMENT = "Ledger entries with their inclusion proofs, checkpoints and timestamps, one a line"
CHECKPOINTS_ABSENT = "No checkpoint was signed, so nothing ties the entries together from outside."
STAMP_ABSENT = "No timestamp was asked for."
TIMELINE_LEAD = (
    "Files’ own times, entries of the ledger and timestamps on one axis, to scale. A file’s own "
    "time can be set by anybody. Gaps of a day or more are written out in the list: nothing is on "
    "record for them."
)

DIFFERENCE_CAPTION = (
    "The suspect laid over our picture, and where the two differ. Drawn when the suspect was "
    "checked, and kept in the record under its digest."
)

RATE_MEANING = (
    "This is a bound (95 % confidence) measured on pairs of unrelated pictures, not the "
    "probability that this accusation is wrong. The table, the pictures it was measured on and "
    "the command that measures it again are in the software’s documentation, “Limits”."
)

NOT_EDITION_NOTE = (
    "The suspect was compared with a registered picture that is not itself a published copy, so "
    "there are no marks to look for."
)
