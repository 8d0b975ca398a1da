"""Several chunks in one file: who is named, who leads, what contradicts."""

import json

from remarque.intake.account import Account, disagreements
from remarque.intake.reading import read_accounts
from remarque.model.recipe import Chunk, Recipe, Size

GRAPH = {
    "1": {"class_type": "CheckpointLoaderSimple", "inputs": {"ckpt_name": "EMS-1-EMS.safetensors"}},
    "2": {"class_type": "CLIPTextEncode", "inputs": {"clip": ["1", 1], "text": "a fox"}},
    "3": {"class_type": "CLIPTextEncode", "inputs": {"clip": ["1", 1], "text": "dog"}},
    "4": {"class_type": "EmptyLatentImage", "inputs": {"width": 512, "height": 768}},
    "5": {"class_type": "KSampler", "inputs": {
        "model": ["1", 0], "positive": ["2", 0], "negative": ["3", 0], "latent_image": ["4", 0],
        "seed": 99, "steps": 20, "cfg": 7, "sampler_name": "euler", "scheduler": "normal",
        "denoise": 1}},
    "6": {"class_type": "VAEDecode", "inputs": {"samples": ["5", 0], "vae": ["1", 2]}},
    "7": {"class_type": "SaveImage", "inputs": {"images": ["6", 0]}},
}  # fmt: skip


def chunk(key: str, value: object) -> Chunk:
    text = value if isinstance(value, str) else json.dumps(value)
    return Chunk("PNG tEXt", key, text.encode(), text)


def png(*chunks: tuple[str, object]) -> bytes:
    """A one-pixel PNG with text chunks."""
    import zlib

    def block(name: bytes, body: bytes) -> bytes:
        whole = name + body
        return len(body).to_bytes(4, "big") + whole + zlib.crc32(whole).to_bytes(4, "big")

    texts = b"".join(
        block(b"tEXt", key.encode() + b"\0" + (v if isinstance(v, str) else json.dumps(v)).encode())
        for key, v in chunks
    )
    header = block(b"IHDR", (1).to_bytes(4, "big") * 2 + b"\x08\0\0\0\0")
    data = block(b"IDAT", zlib.compress(b"\0\0"))
    return b"\x89PNG\r\n\x1a\n" + header + texts + data + block(b"IEND", b"")


def reading_of(*chunks: tuple[str, object]):
    from remarque.intake import read_picture

    return read_picture(png(*chunks))


def test_tensor_art_leads_and_its_graph_tells_the_seed():
    raw = {"prompt": "a fox", "negativePrompt": "dog, ", "seed": "-1", "steps": 20, "cfgScale": 7,
           "baseModel": {"modelFileName": "WAI-16"}, "width": 512, "height": 768}  # fmt: skip
    reading = reading_of(("prompt", GRAPH), ("generation_data", raw))
    assert reading.generator == "Tensor.Art"
    assert (reading.recipe.model, reading.recipe.seed) == ("WAI-16", 99)
    assert reading.contradictions == ()


def test_stability_matrix_is_named_but_what_ran_leads():
    raw = {"PositivePrompt": "a fox #note", "NegativePrompt": "dog", "Seed": 99, "Steps": 20,
           "CfgScale": 7, "ModelName": "EMS-1-EMS.safetensors", "Width": 1024,
           "Height": 1536}  # fmt: skip
    reading = reading_of(("prompt", GRAPH), ("parameters-json", raw))
    assert reading.generator == "Stability Matrix"
    assert (reading.recipe.prompt, reading.recipe.generated_size) == ("a fox", Size(512, 768))
    assert len(reading.contradictions) == 1
    assert "disagree about the prompt" in reading.contradictions[0]


def test_an_image_savers_infotext_beside_its_graph():
    infotext = (
        "a fox\nNegative prompt: dog\nSteps: 20, Sampler: Euler, CFG scale: 7, Seed: 98, "
        "Size: 512x768, Model: EMS-1-EMS"
    )
    reading = reading_of(("parameters", infotext), ("prompt", GRAPH))
    assert reading.generator == "ComfyUI"
    assert reading.recipe.seed == 99
    assert len(reading.contradictions) == 1
    assert "seed" in reading.contradictions[0]


def test_an_editor_named_in_the_file_is_no_generator():
    texts = (("Software", "GIMP 2.10.32"), ("Comment", "Created with GIMP"), ("Author", "A. Maker"))
    assert reading_of(*texts).generator is None
    raw = {"metadata_scheme": "fooocus", "prompt": "p", "version": "Fooocus v2.5.5"}
    assert reading_of(*texts, ("parameters", raw)).generator == "Fooocus"


def test_a_comma_that_a_program_drops_at_the_end_is_no_contradiction():
    one, other = (Account("g", "w", Recipe(prompt=text), "o") for text in ("a, b, ", "a,  b"))
    assert disagreements(one, other) == ()
    more = Account("g", "w", Recipe(prompt="a, b, c"), "o")
    assert len(disagreements(one, more)) == 1


def test_a_longer_text_is_shown_where_it_goes_on():
    long = "word " * 40
    one = Account("g", "w", Recipe(prompt=long + "end"), "A")
    other = Account("g", "w", Recipe(prompt=long + "end and more"), "B")
    (sentence,) = disagreements(one, other)
    assert "and more" in sentence


def test_the_readers_name_themselves_in_an_order_that_does_not_depend_on_the_file():
    chunks = [chunk("parameters", {"metadata_scheme": "fooocus", "prompt": "p"}),
              chunk("Dream", "p -s 5 -S 4")]  # fmt: skip
    forward, backward = read_accounts(chunks), read_accounts(chunks[::-1])
    assert [one.generator for one in forward] == [one.generator for one in backward]
