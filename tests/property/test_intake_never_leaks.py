"""Whatever bytes come in: a reading, or one of our own errors; nothing else ever leaves."""

import contextlib
import json

from hypothesis import given, settings
from hypothesis import strategies as st

from remarque.errors import InputError
from remarque.intake import chunks_as_json, read_picture
from remarque.intake.reading import read_accounts
from remarque.model.canonical import encode_canonical, json_from_value
from remarque.model.recipe import Chunk, Reading
from stand_ins.samples import SAMPLES

_SMALL = 40_000
_FILES = [
    path.read_bytes()
    for path in sorted((SAMPLES / "generators").rglob("*.*"))
    if path.stat().st_size < _SMALL
]
_SIGNATURES = [
    b"\x89PNG\r\n\x1a\n",
    b"\xff\xd8\xff\xe1",
    b"RIFF\x40\0\0\0WEBP",
    b"GIF89a",
    b"II*\0",
    b"MM\0*",
    b"\0\0\0\x14ftypavif\0\0\0\0avif\0\0\0\x80meta",
]
_KEYS = [
    "prompt",
    "workflow",
    "parameters",
    "UserComment",
    "Comment",
    "Software",
    "Dream",
    "sd-metadata",
    "invokeai_metadata",
    "stealth_pngcomp",
    "seed",
    "num_inference_steps",
    "guidance_scale",
    "generation_data",
    "parameters-json",
    "invokeai_graph",
    "Description",
    "store",
]
_scalars = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20)
_json = st.recursive(
    _scalars,
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(
            st.sampled_from(
                ["class_type", "inputs", "nodes", "links", "id", "type", "image", "prompt", "c"]
            )
            | st.text(max_size=5),
            inner,
            max_size=5,
        )
    ),
    max_leaves=25,
)


def read_or_refuse(content: bytes) -> Reading | None:
    with contextlib.suppress(InputError):
        return read_picture(content)
    return None


@st.composite
def damaged_files(draw) -> bytes:
    content = bytearray(draw(st.sampled_from(_FILES or [b"GIF89a"])))
    for _ in range(draw(st.integers(1, 12))):
        if not content:
            break
        at = draw(st.integers(0, len(content) - 1))
        how = draw(st.sampled_from(["flip", "cut", "insert", "repeat"]))
        if how == "flip":
            content[at] ^= draw(st.integers(1, 255))
        elif how == "cut":
            del content[at : at + draw(st.integers(1, 400))]
        elif how == "insert":
            content[at:at] = draw(st.binary(max_size=40))
        else:
            content[at:at] = content[at : at + 200]
    return bytes(content)


@given(damaged_files())
@settings(max_examples=250, deadline=None)
def test_damaged_real_files_are_read_or_refused(content):
    reading = read_or_refuse(content)
    if reading is not None:
        encode_canonical(json_from_value(reading.recipe))
        encode_canonical(chunks_as_json(reading.chunks))


@given(st.sampled_from(_SIGNATURES), st.binary(max_size=400))
@settings(max_examples=300, deadline=None)
def test_noise_behind_a_signature_is_read_or_refused(signature, noise):
    read_or_refuse(signature + noise)


def _accounts_can_be_written_down(chunks: list[Chunk]) -> None:
    for account in read_accounts(chunks):
        encode_canonical(json_from_value(account.recipe))


@given(st.lists(st.tuples(st.sampled_from(_KEYS), _json | st.text()), max_size=4))
@settings(max_examples=300, deadline=None)
def test_any_json_in_any_known_chunk_gives_facts_that_can_be_written_down(pairs):
    texts = [(key, value if isinstance(value, str) else json.dumps(value)) for key, value in pairs]
    _accounts_can_be_written_down([Chunk("PNG tEXt", key, b"", text) for key, text in texts])


_ids = st.sampled_from([str(number) for number in range(8)])
_links = st.tuples(_ids, st.integers(-1, 4)).map(list)
_inputs = st.dictionaries(
    st.sampled_from(
        [
            "model",
            "positive",
            "negative",
            "latent_image",
            "samples",
            "images",
            "image",
            "pixels",
            "clip",
            "text",
            "conditioning",
            "conditioning_1",
            "steps",
            "cfg",
            "seed",
            "sampler_name",
            "scheduler",
            "sigmas",
            "guider",
            "noise",
            "sampler",
            "lora_name",
            "lora_stack",
            "control_net",
            "select",
            "switch",
            "on_true",
            "string_a",
            "delimiter",
            "width",
            "height",
            "mask",
            "stage_c",
            "start_at_step",
            "guidance",
            "scale_by",
            "ckpt_name",
        ]
    ),
    _links | _scalars,
    max_size=8,
)
_kinds = st.sampled_from(
    [
        "KSampler",
        "KSamplerAdvanced",
        "SamplerCustom",
        "SamplerCustomAdvanced",
        "CLIPTextEncode",
        "SaveImage",
        "PreviewImage",
        "VAEDecode",
        "VAEEncode",
        "LoadImage",
        "LoraLoader",
        "ConditioningCombine",
        "Reroute",
        "ComfySwitchNode",
        "ImpactSwitch",
        "StringConcatenate",
        "PrimitiveInt",
        "EmptyLatentImage",
        "BasicScheduler",
        "SplitSigmas",
        "LatentUpscaleBy",
        "ControlNetApplyAdvanced",
        "ModelMergeSimple",
        "Unknown",
        "StableCascade_StageB_Conditioning",
        "CheckpointLoaderSimple",
    ]
)
_graphs = st.dictionaries(
    _ids, st.fixed_dictionaries({"class_type": _kinds, "inputs": _inputs}), max_size=8
)


@given(_graphs)
@settings(max_examples=400, deadline=None)
def test_any_wiring_of_known_nodes_ends_and_can_be_written_down(graph):
    text = json.dumps(graph)
    _accounts_can_be_written_down([Chunk("PNG tEXt", "prompt", text.encode(), text)])


@given(st.lists(st.sampled_from(
    ["Steps: 20", "Seed: 5", "Sampler: x", "Size: 1x1", ", ", "\n", '"', "[", "{",
     "Negative prompt:", "Hires upscale: 2", "<lora:a:1>", "Model: ", ": ", "ControlNet 0: ",
     'Lora hashes: "\\ud800: 1"', 'Note: "\\udc00"', "\\", "é", "\ud800"]
), max_size=30))  # fmt: skip
@settings(max_examples=300, deadline=None)
def test_any_mixture_of_infotext_parts_can_be_written_down(parts):
    text = "".join(parts)
    _accounts_can_be_written_down([Chunk("PNG tEXt", "parameters", b"", text)])
