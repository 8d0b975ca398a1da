"""A recipe in full: every fact the file records, and what it does not."""

from remarque.casefile import blocks
from remarque.casefile.blocks import Spans, span, spans
from remarque.casefile.wording import en
from remarque.model.canonical import Json
from remarque.model.history import Take
from remarque.model.recipe import LoraUse, Pass, Recipe, Size, SourceUse
from remarque.model.witness import ModelFile, Witness

_SINGLE = (
    "seed",
    "steps",
    "cfg",
    "sampler",
    "scheduler",
    "model",
    "model_hash",
    "vae",
    "clip_skip",
    "denoise",
    "generated_size",
    "final_size",
)


def recipe_blocks(take: Take) -> list[Json]:
    """The recipe of one take as names and values, then what a witness of its making saw."""
    recipe = take.recipe
    rows = [
        (en.FIELDS["prompt"], _prompt(recipe.prompt)),
        (en.FIELDS["negative_prompt"], _prompt(recipe.negative_prompt)),
        (en.FIELDS["generator"], _value(take.generator)),
    ]
    known = [(name, getattr(recipe, name)) for name in _SINGLE]
    rows += [(en.FIELDS[name], _value(value)) for name, value in known if value is not None]
    rows += _lists(recipe)
    absent = [en.FIELDS[name] for name, value in known if value is None]
    if absent:
        rows.append((en.LABELS["not_recorded"], [span(", ".join(absent), "faint")]))
    return [blocks.facts([*rows, *_witness(take.witness)])]


def _witness(witness: Witness | None) -> list[tuple[str, Spans]]:
    """What only somebody present could know; nothing for a plain import."""
    if witness is None:
        return []
    remarks = {"unsaved": not witness.saved, "caught_up": witness.caught_up}
    seen_by = ", ".join(
        [witness.observer.value, *(en.LABELS[name] for name, so in remarks.items() if so)]
    )
    ran = " – ".join(time for time in (witness.started, witness.finished) if time)
    told = (
        ("program", witness.program),
        ("run", witness.run),
        ("ran", ran),
        ("model_files", "\n".join(map(_model_file, witness.models))),
        ("environment", "\n".join(f"{s.name}: {s.value}" for s in witness.environment)),
        ("could_not_record", "\n".join(witness.remarks)),
    )
    rows = [(en.LABELS[name], [span(text)]) for name, text in told if text]
    digests = (("executed", witness.executed or ""), ("latents", "\n".join(witness.latents)))
    rows += [(en.LABELS[name], [span(text, "mono")]) for name, text in digests if text]
    return [(en.LABELS["seen_by"], [span(seen_by)]), *rows]


def _model_file(model: ModelFile) -> str:
    said = (model.role, model.name, model.version, model.digest, model.licence)
    return ", ".join(part for part in said if part)


def _lists(recipe: Recipe) -> list[tuple[str, Spans]]:
    rows = []
    for name, items in (
        ("loras", [_lora(use) for use in recipe.loras]),
        ("sources", [_source(use) for use in recipe.sources]),
        ("passes", [_pass(further) for further in recipe.passes]),
        ("settings", [f"{setting.name}: {setting.value}" for setting in recipe.settings]),
    ):
        if items:
            rows.append((en.FIELDS[name], [span("\n".join(items))]))
    return rows


def _prompt(text: str | None) -> Spans:
    if text is None:
        return [span(en.LABELS["not_recorded"], "faint")]
    return [span(text)] if text.strip() else [span(en.LABELS["prompt_empty"], "faint")]


def _value(value: object) -> Spans:
    if value is None:
        return [span(en.LABELS["not_recorded"], "faint")]
    if isinstance(value, Size):
        return spans(f"{value.width} × {value.height}")
    return spans(f"{value:g}" if isinstance(value, float) else str(value))


def _lora(use: LoraUse) -> str:
    weights = [f"{weight:g}" for weight in (use.weight, use.text_weight) if weight is not None]
    return use.name + (f" ({' / '.join(weights)})" if weights else "")


def _source(use: SourceUse) -> str:
    strength = None if use.strength is None else f"{use.strength:g}"
    return ", ".join(part for part in (use.role, use.name, use.model, strength) if part)


def _pass(further: Pass) -> str:
    said = [
        f"{en.FIELDS.get(name, name.replace('_', ' '))} {_spell(value)}"
        for name in Pass.__dataclass_fields__
        if name != "role" and (value := getattr(further, name)) is not None
    ]
    return f"{further.role}: {', '.join(said)}" if said else further.role


def _spell(value: object) -> str:
    return f"{value:g}" if isinstance(value, float) else str(value)
