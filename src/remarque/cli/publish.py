"""``remarque publish``: write an edition with its marks."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from remarque.cli.options import ForceOption, JsonOption, NoStampOption, VaultOption
from remarque.cli.output import print_json, say, warn
from remarque.cli.vaults import close_sitting, opened
from remarque.model.canonical import Json, json_from_value

if TYPE_CHECKING:
    from remarque.actions.publishing import Published


def publish(
    picture: Annotated[str, typer.Argument(help="The take: file, take id, digest or file name.")],
    to: Annotated[Path, typer.Option("--to", help="The folder to write the edition into.")],
    visible: Annotated[
        str, typer.Option("--visible", metavar="TEXT|PNG", help="Your visible mark.")
    ] = "",
    font: Annotated[
        Path | None, typer.Option("--font", help="A font file for the visible text.")
    ] = None,
    label_ai: Annotated[
        bool, typer.Option("--label-ai", help="Also a visible AI label (GB 45438).")
    ] = False,
    credentials: Annotated[
        bool, typer.Option("--credentials", help="Content Credentials (C2PA) with your identity.")
    ] = False,
    open_prompt: Annotated[
        bool, typer.Option("--open-prompt", help="Publish the prompt too (else it stays secret).")
    ] = False,
    rights: Annotated[
        str, typer.Option("--rights", help="The rights statement (default: © and your name).")
    ] = "",
    file_format: Annotated[
        str, typer.Option("--format", help="png, jpeg or webp (default: as the source).")
    ] = "",
    work: Annotated[
        str | None, typer.Option("--work", help="The work, where a picture is in several.")
    ] = None,
    vault: VaultOption = None,
    force: ForceOption = False,
    no_timestamp: NoStampOption = False,
    json: JsonOption = False,
) -> None:
    """Write a marked copy and record it. It carries the work id and a commitment, no prompt."""
    from remarque.actions.publishing import PublishWishes
    from remarque.actions.publishing import publish as publish_edition

    wishes = PublishWishes(
        visible=visible,
        font=font,
        label_ai=label_ai,
        credentials=credentials,
        open_prompt=open_prompt,
        rights=rights,
        format=file_format,
        work=work,
        force=force,
        stamp=not no_timestamp,
    )
    with opened(vault, to_write=True) as opened_vault:
        published = publish_edition(opened_vault, picture, to, wishes)
        close_sitting(opened_vault, stamp=not no_timestamp)
    for warning in published.warnings:
        warn(warning)
    if json:
        print_json(published_as_json(published))
        return
    say(f"published: {published.path}")
    for mark in published.edition.marks:
        say(f"  {mark.kind:<15} {mark.state:<10} {mark.detail}")


def published_as_json(published: "Published") -> Json:
    """The contract of ``publish`` (DESIGN §8)."""
    edition = published.edition
    return {
        "edition": edition.edition,
        "path": str(published.path),
        "picture": edition.picture,
        "work": edition.work,
        "marks": [json_from_value(mark) for mark in edition.marks],
        "warnings": list(published.warnings),
    }
