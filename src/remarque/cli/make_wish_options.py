"""The options of ``remarque make`` that say what is to be made."""

from pathlib import Path
from typing import Annotated, Literal

import typer

PromptArgument = Annotated[
    str | None,
    typer.Argument(help="The prompt, in your words. May be left out only with --again."),
]
WorkOption = Annotated[
    str | None,
    typer.Option(
        "--work", help="The work's name or id; with --again that take's work if left out."
    ),
]
IntentOption = Annotated[
    str | None, typer.Option("--intent", help="What the picture is to become: a statement.")
]
NegativeOption = Annotated[
    str | None, typer.Option("--negative", help="What is to be kept out, in words.")
]
SeedOption = Annotated[
    int | None, typer.Option("--seed", help="The first picture's seed; -1 or none: drawn.")
]
CountOption = Annotated[
    int, typer.Option("--count", help="How many pictures; the seeds count up from the first.")
]
StepsOption = Annotated[int | None, typer.Option("--steps", help="Sampling steps.")]
CfgOption = Annotated[float | None, typer.Option("--cfg", help="Guidance: how closely to follow.")]
SamplerOption = Annotated[
    str | None,
    typer.Option("--sampler", help="By its name in any program: “DPM++ 2M Karras”, “euler”."),
]
ScheduleOption = Annotated[
    str | None, typer.Option("--schedule", help="The noise schedule: karras, sgm_uniform, …")
]
SizeOption = Annotated[
    str | None, typer.Option("--size", metavar="WxH", help="Width and height in pixels.")
]
ClipSkipOption = Annotated[
    int | None, typer.Option("--clip-skip", help="Which layer of the text encoder: 1 is the last.")
]
ModelOption = Annotated[
    str | None,
    typer.Option(
        "--model", help="A name, file, diffusers folder or Hugging Face id; or miniature."
    ),
]
VaeOption = Annotated[str | None, typer.Option("--vae", help="Another decoder than the model's.")]
LoraOption = Annotated[
    list[str] | None,
    typer.Option("--lora", metavar="NAME:WEIGHT", help="A LoRA (repeat); weight 0 takes it away."),
]
EmbeddingOption = Annotated[
    list[str] | None,
    typer.Option("--embedding", help="A textual inversion the prompt names (repeat)."),
]
ControlOption = Annotated[
    list[str] | None,
    typer.Option(
        "--control",
        metavar="MODEL:PICTURE[:STRENGTH]",
        help="A ControlNet and the picture that guides it (repeat).",
    ),
]
FromOption = Annotated[
    str | None,
    typer.Option("--from", help="The picture to begin from: a file, a take id or a digest."),
]
StrengthOption = Annotated[
    float | None,
    typer.Option("--strength", help="How much of that picture is made anew, 0 to 1."),
]
MaskOption = Annotated[
    str | None,
    typer.Option("--mask", help="A picture that is white where the other is to be made anew."),
]
OutpaintOption = Annotated[
    str | None,
    typer.Option("--outpaint", metavar="L,T,R,B", help="Pixels to grow it by on each side."),
]
HiresOption = Annotated[
    str | None,
    typer.Option(
        "--hires",
        metavar="FACTOR[:STRENGTH[:STEPS]]",
        help="A second pass, larger by this factor; 1 takes it away.",
    ),
]
SyntaxOption = Annotated[
    Literal["automatic1111", "comfyui", "swarmui", "invokeai", "novelai", "midjourney", "plain"]
    | None,
    typer.Option("--syntax", help="How weights in the prompt are read (default: automatic1111)."),
]
AgainOption = Annotated[
    str | None,
    typer.Option("--again", help="Begin from the recipe of this take; other options change it."),
]
PreviewOption = Annotated[
    str | None,
    typer.Option(
        "--preview",
        metavar="FOLDER|auto",
        help="Write the picture as it comes into being to one file there, over and over.",
    ),
]
OutOption = Annotated[
    Path | None, typer.Option("--out", help="Also put a copy of each picture into this folder.")
]
