"""Real graphs, damaged at will: the reader ends, leaks nothing, and invents nothing."""

import json
import re

from hypothesis import given, settings
from hypothesis import strategies as st

from remarque.intake.chunks import read_chunks
from remarque.intake.comfyui.reader import read, read_canvas
from remarque.model.canonical import encode_canonical, json_from_value
from remarque.model.recipe import Chunk, Recipe
from stand_ins.samples import SAMPLES

_PIPED = {
    "1": {"class_type": "CheckpointLoaderSimple", "inputs": {"ckpt_name": "m.safetensors"}},
    "2": {"class_type": "StringConcatenate",
          "inputs": {"string_a": "a fox", "string_b": ["9", 0], "delimiter": ", "}},
    "3": {"class_type": "CLIPTextEncode", "inputs": {"text": ["2", 0], "clip": ["1", 1]}},
    "4": {"class_type": "ToBasicPipe", "inputs": {"model": ["1", 0], "clip": ["1", 1],
          "vae": ["1", 2], "positive": ["3", 0], "negative": ["8", 0]}},
    "5": {"class_type": "Context (rgthree)", "inputs": {"base_ctx": ["6", 0], "seed": ["10", 0]}},
    "6": {"class_type": "ImpactSwitch", "inputs": {"select": 1, "input1": ["11", 0]}},
    "7": {"class_type": "ImpactKSamplerBasicPipe", "inputs": {"basic_pipe": ["4", 0],
          "seed": ["5", 8], "steps": 20, "cfg": 7.5, "sampler_name": "euler",
          "scheduler": "karras", "denoise": 1.0, "latent_image": ["12", 4]}},
    "8": {"class_type": "CLIPTextEncode", "inputs": {"text": "a dog", "clip": ["1", 1]}},
    "9": {"class_type": "ShowText|pysssss", "inputs": {"text": ["13", 0], "text_0": "old"}},
    "10": {"class_type": "Seed (rgthree)", "inputs": {"seed": 77}},
    "11": {"class_type": "Context (rgthree)", "inputs": {"model": ["1", 0]}},
    "12": {"class_type": "CR SDXL Aspect Ratio", "inputs": {"width": 640, "height": 480,
           "aspect_ratio": "3:4 portrait 896x1152", "swap_dimensions": "On",
           "upscale_factor": 1.0, "batch_size": 1}},
    "13": {"class_type": "Text Multiline", "inputs": {"text": "in snow\n# no\nat night"}},
    "14": {"class_type": "VAEDecode", "inputs": {"samples": ["7", 1], "vae": ["7", 2]}},
    "15": {"class_type": "SaveImage", "inputs": {"images": ["14", 0]}},
    "16": {"class_type": "Power Lora Loader (rgthree)", "inputs": {"model": ["1", 0],
           "lora_1": {"on": True, "lora": "l.safetensors", "strength": 0.5}}},
}  # fmt: skip
_PACKS = [
    "Context Switch (rgthree)", "FromBasicPipe_v2", "Efficient Loader", "KSampler (Efficient)",
    "ttN pipeKSampler", "easy fullLoader", "easy kSampler", "IterativeLatentUpscale",
    "CR Model Input Switch", "Text Concatenate", "StringFunction|pysssss", "WanVideoSampler",
    "Unpack SDXL Tuple", "LoRA Stacker", "ImpactWildcardEncode", "SDXLEmptyLatentSizePicker+",
    "SamplerCustomAdvanced", "PreviewAny", "Reroute", "FaceDetailerPipe", "EditBasicPipe",
]  # fmt: skip
_NAMES = [
    "model", "positive", "negative", "latent_image", "basic_pipe", "base_ctx", "pipe", "text",
    "seed", "steps", "cfg", "sampler_name", "select", "Input", "boolean", "on_true", "lora_stack",
    "samples", "upscaler", "image", "width", "aspect_ratio", "guider", "sigmas", "sdxl_tuple",
]  # fmt: skip


def _graphs(key: str) -> list[dict]:
    found = []
    for path in sorted((SAMPLES / "generators" / "comfyui").glob("*.*")):
        for chunk in read_chunks(path.read_bytes()):
            text = (chunk.text or "").removeprefix(f"{key}:")
            if chunk.key == key or text != chunk.text:
                found.append(json.loads(text))
    return [graph for graph in found if isinstance(graph, dict)]


_EXECUTED = [_PIPED, *_graphs("prompt")]
_DRAWN = _graphs("workflow") or [{"nodes": [], "links": []}]
_junk = (
    st.none()
    | st.booleans()
    | st.integers(-(2**70), 2**70)
    | st.floats()
    | st.text(max_size=6)
    | st.lists(st.integers(-3, 20) | st.text(max_size=3), max_size=3)
    | st.dictionaries(st.sampled_from(["on", "lora", "content"]), st.text(max_size=3), max_size=2)
)


@st.composite
def damaged_graphs(draw) -> dict:
    graph = json.loads(json.dumps(draw(st.sampled_from(_EXECUTED))))
    for _ in range(draw(st.integers(0, 10))):
        node = draw(st.sampled_from(sorted(graph)))
        inputs = graph[node]["inputs"]
        names = sorted(inputs) or ["text"]
        link = [draw(st.sampled_from(sorted(graph))), draw(st.integers(0, 9))]
        match draw(st.sampled_from(["delete", "rewire", "junk", "class", "add"])):
            case "delete" if len(graph) > 1:
                del graph[node]
            case "rewire":
                inputs[draw(st.sampled_from(names))] = link
            case "junk":
                inputs[draw(st.sampled_from(names))] = draw(_junk)
            case "class":
                graph[node]["class_type"] = draw(st.sampled_from(_PACKS))
            case _:
                inputs[draw(st.sampled_from(_NAMES))] = link
    return graph


def _leaves(value: object) -> list[object]:
    if isinstance(value, dict):
        return [leaf for item in value.values() for leaf in _leaves(item)]
    if isinstance(value, list):
        return [leaf for item in value for leaf in _leaves(item)]
    return [value]


def _numbers(leaves: list[object]) -> set[float]:
    found = {float(leaf) for leaf in leaves if isinstance(leaf, int | float)}
    for leaf in leaves:
        if isinstance(leaf, str):
            found |= {float(digits) for digits in re.findall(r"\d{1,20}(?:\.\d+)?", leaf)}
    return found


def _is_made_of(text: str, pieces: list[str]) -> bool:
    for piece in sorted(pieces, key=len, reverse=True):
        if piece.strip():
            text = text.replace(piece, "").replace(piece.strip(), "")
    return re.sub(r"[\s,]", "", text) == ""


def _assert_nothing_is_invented(recipe: Recipe, graph: dict) -> None:
    leaves = _leaves({key: node["inputs"] for key, node in graph.items()})
    numbers = _numbers(leaves) | {-number for number in _numbers(leaves)}
    texts = [leaf for leaf in leaves if isinstance(leaf, str)]
    lines = texts + [line for text in texts for line in text.split("\n")]
    names = {text.strip() for text in texts}
    for made in (recipe, *recipe.passes):
        for field in ("seed", "steps", "cfg", "denoise"):
            value = getattr(made, field)
            assert value is None or float(value) in numbers, field
        for field in ("sampler", "scheduler", "model"):
            assert getattr(made, field) in names | {None}, field
        for field in ("prompt", "negative_prompt"):
            assert _is_made_of(getattr(made, field) or "", lines), field
    size = recipe.generated_size
    scaled = any("prescale_factor" in node["inputs"] for node in graph.values())
    assert size is None or scaled or {float(size.width), float(size.height)} <= numbers
    for use in recipe.loras:
        assert any(use.name in name for name in names)
        assert use.weight is None or use.weight in numbers | {1.0}


def _chunk(key: str, graph: object) -> Chunk:
    text = json.dumps(graph)
    return Chunk("PNG tEXt", key, text.encode(), text)


@given(damaged_graphs())
@settings(max_examples=400, deadline=None)
def test_a_damaged_graph_yields_only_what_stands_in_it(graph):
    for account in read([_chunk("prompt", graph)]):
        encode_canonical(json_from_value(account.recipe))
        _assert_nothing_is_invented(account.recipe, graph)


def test_the_graph_of_bundles_is_read_before_it_is_damaged():
    (account,) = read([_chunk("prompt", _PIPED)])
    recipe = account.recipe
    assert (recipe.prompt, recipe.negative_prompt) == ("a fox, in snow\nat night", "a dog")
    assert (recipe.seed, recipe.steps, recipe.model) == (77, 20, "m.safetensors")
    assert recipe.generated_size is not None
    assert (recipe.generated_size.width, recipe.generated_size.height) == (1152, 896)


@given(st.data())
@settings(max_examples=200, deadline=None)
def test_a_damaged_canvas_is_read_or_left_aside(data):
    canvas = json.loads(json.dumps(data.draw(st.sampled_from(_DRAWN))))
    for _ in range(data.draw(st.integers(1, 8))):
        part = data.draw(st.sampled_from(["nodes", "links"]))
        if not isinstance(canvas.get(part), list) or not canvas[part]:
            continue
        place = data.draw(st.integers(0, len(canvas[part]) - 1))
        item = canvas[part][place]
        if isinstance(item, dict) and item and data.draw(st.booleans()):
            item[data.draw(st.sampled_from(sorted(item)))] = data.draw(_junk)
        else:
            canvas[part][place] = data.draw(_junk)
    for account in read_canvas([_chunk("workflow", canvas)]):
        encode_canonical(json_from_value(account.recipe))
