"""What is looked at before a model is loaded: sound files, and no code in them."""

import json
import struct
import zipfile

import pytest

from remarque.engines.stable_diffusion.checking import check_file, check_folder, components_of
from remarque.engines.stable_diffusion.checking_safetensors import read_header
from remarque.engines.stable_diffusion.loading_files import used_files, variant_of, weights_in
from remarque.errors import ModelDamaged, ModelMissing, ModelRefused

FLOATS = {"dtype": "F32", "shape": [2], "data_offsets": [0, 8]}


def written(path, header, body=b"\0" * 8):
    raw = header if isinstance(header, bytes) else json.dumps(header).encode()
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(struct.pack("<Q", len(raw)) + raw + body)
    return path


def test_a_sound_file_tells_shapes_and_facts(tmp_path):
    header = {"__metadata__": {"modelspec.title": "Ink", "odd": 1}, "w": FLOATS}
    path = written(tmp_path / "ink.safetensors", header)
    found = check_file(path)
    assert found.shapes == {"w": (2,)}
    assert found.facts == {"modelspec.title": "Ink"}


def test_types_of_less_than_a_byte_and_empty_tensors(tmp_path):
    header = {
        "four": {"dtype": "F4", "shape": [4], "data_offsets": [0, 2]},
        "none": {"dtype": "F32", "shape": [0, 3], "data_offsets": [2, 2]},
        "one": {"dtype": "F16", "shape": [], "data_offsets": [2, 4]},
    }
    assert read_header(written(tmp_path / "a.safetensors", header, b"\0" * 4)).shapes["one"] == ()


@pytest.mark.parametrize(
    ("header", "body", "said"),
    [
        (b"{nope", b"", "not JSON"),
        (b"[" * 100_000, b"", "not JSON"),
        (b"[]", b"", "not a list of tensors"),
        ({"w": 3}, b"", "of what type"),
        ({"w": {**FLOATS, "dtype": "F31"}}, b"\0" * 8, "of what type"),
        ({"w": {**FLOATS, "shape": [-2]}}, b"\0" * 8, "where the tensor"),
        ({"w": {**FLOATS, "shape": [True, 2]}}, b"\0" * 8, "where the tensor"),
        ({"w": {**FLOATS, "shape": [1] * 65}}, b"\0" * 8, "where the tensor"),
        ({"w": {**FLOATS, "data_offsets": [0]}}, b"\0" * 8, "where the tensor"),
        ({"w": {**FLOATS, "data_offsets": [8, 0]}}, b"\0" * 8, "does not fit its shape"),
        ({"w": {**FLOATS, "shape": [3]}}, b"\0" * 8, "does not fit its shape"),
        ({"w": FLOATS, "v": FLOATS}, b"\0" * 8, "overlap"),
        ({"w": {**FLOATS, "data_offsets": [4, 12]}}, b"\0" * 12, "belong to no tensor"),
        ({"w": FLOATS}, b"\0" * 7, "1 bytes of its numbers are missing"),
        ({"w": FLOATS}, b"\0" * 9, "after its last tensor"),
    ],
)
def test_a_header_that_does_not_fit_its_file(tmp_path, header, body, said):
    path = written(tmp_path / "ink.safetensors", header, body)
    with pytest.raises(ModelDamaged, match=said) as caught:
        check_file(path)
    assert "'ink.safetensors'" in caught.value.message


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "is empty"),
        (b"\x08\0\0", "first 8 bytes"),
        (struct.pack("<Q", 1 << 60) + b"{}", "longer than the format allows"),
        (struct.pack("<Q", 50) + b"{}", "cut off within its header"),
    ],
)
def test_a_file_that_ends_too_soon(tmp_path, content, said):
    path = tmp_path / "ink.safetensors"
    path.write_bytes(content)
    with pytest.raises(ModelDamaged, match=said):
        check_file(path)


def pickle_file(path, protocol=b"\x80\x02"):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(protocol + b"cos\nsystem\n")
    return path


@pytest.mark.parametrize("name", ["a.ckpt", "a.pt", "a.pth", "a.bin", "A.CKPT", "a.safetensors"])
@pytest.mark.parametrize("start", [b"\x80\x02", b"\x80\x05"])
def test_a_pickle_is_refused_whatever_its_name(tmp_path, name, start):
    with pytest.raises(ModelRefused, match="can run code of its own"):
        check_file(pickle_file(tmp_path / name, start))


def test_a_zipped_pickle_called_safetensors_is_refused_and_one_permitted_is_not(tmp_path):
    path = tmp_path / "a.safetensors"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("archive/data.pkl", b"\x80\x02.")
    with pytest.raises(ModelRefused, match="pickle"):
        check_file(path)
    assert check_file(pickle_file(tmp_path / "a.ckpt"), unsafe_pickle=True).shapes == {}


def test_an_old_pickle_has_no_first_bytes_to_know_it_by_but_its_ending(tmp_path):
    path = tmp_path / "a.pt"
    path.write_bytes(b"cos\nsystem\n(S'touch /tmp/no'\ntR.")
    with pytest.raises(ModelRefused):
        check_file(path)


def test_other_forms_and_missing_files(tmp_path):
    path = tmp_path / "a.gguf"
    path.write_bytes(b"GGUF" + b"\0" * 20)
    with pytest.raises(ModelRefused, match="not loaded here"):
        check_file(path)
    with pytest.raises(ModelMissing, match="cannot be read"):
        check_file(tmp_path / "none.safetensors")


def pipeline_folder(place, parts=("unet",), **index):
    place.mkdir(parents=True, exist_ok=True)
    named = {part: ["diffusers", "UNet2DConditionModel"] for part in parts}
    told = {"_class_name": "StableDiffusionPipeline", **named, **index}
    (place / "model_index.json").write_text(json.dumps(told))
    for part in parts:
        (place / part).mkdir()
        (place / part / "config.json").write_text("{}")
    return place


def test_a_folder_with_pickles_alone_is_refused(tmp_path):
    folder = pipeline_folder(tmp_path / "m")
    pickle_file(folder / "unet" / "diffusion_pytorch_model.bin")
    with pytest.raises(ModelRefused, match=r"diffusion_pytorch_model\.bin"):
        check_folder(folder, used_files(folder))
    check_folder(folder, used_files(folder), unsafe_pickle=True)


def test_a_pickle_beside_its_safetensors_twin_is_left_alone(tmp_path):
    folder = pipeline_folder(tmp_path / "m")
    pickle_file(folder / "unet" / "diffusion_pytorch_model.bin")
    kept = written(folder / "unet" / "diffusion_pytorch_model.safetensors", {"w": FLOATS})
    check_folder(folder, used_files(folder))
    assert weights_in(folder / "unet").files == (kept,)


def test_half_precision_is_taken_where_nothing_else_is(tmp_path):
    folder = pipeline_folder(tmp_path / "m")
    half = written(folder / "unet" / "diffusion_pytorch_model.fp16.safetensors", {"w": FLOATS})
    assert variant_of(folder) == "fp16"
    assert half in used_files(folder)
    full = written(folder / "unet" / "diffusion_pytorch_model.safetensors", {"w": FLOATS})
    assert variant_of(folder) is None
    assert half not in used_files(folder)
    assert full in used_files(folder)


def test_a_part_in_several_files(tmp_path):
    folder = pipeline_folder(tmp_path / "m")
    place = folder / "unet"
    names = [f"diffusion_pytorch_model-0000{n}-of-00002.safetensors" for n in (1, 2)]
    index = place / "diffusion_pytorch_model.safetensors.index.json"
    index.write_text(json.dumps({"weight_map": dict(zip("ab", names, strict=True))}))
    shards = tuple(written(place / name, {"w": FLOATS}) for name in names)
    assert weights_in(place).files == (index, *shards)
    check_folder(folder, used_files(folder))
    shards[1].unlink()
    with pytest.raises(ModelMissing, match="00002"):
        check_folder(folder, used_files(folder))


@pytest.mark.parametrize("named", ["../../secret.safetensors", "/etc/passwd", 3, "list.txt"])
def test_a_list_of_files_leads_nowhere_else(tmp_path, named):
    folder = pipeline_folder(tmp_path / "m")
    index = folder / "unet" / "diffusion_pytorch_model.safetensors.index.json"
    index.write_text(json.dumps({"weight_map": {"a": named}}))
    with pytest.raises(ModelDamaged, match="list"):
        used_files(folder)


def test_a_part_without_weights_is_missing(tmp_path):
    with pytest.raises(ModelMissing, match="'unet' of the model has no weights"):
        used_files(pipeline_folder(tmp_path / "m"))


@pytest.mark.parametrize(
    "index",
    [
        {"_class_name": ["my_pipeline", "Mine"]},
        {"unet": ["my_module", "MyUNet"]},
        {"unet": ["os", "system"]},
        {"unet": [["diffusers"], "UNet2DConditionModel"]},
    ],
)
def test_a_folder_that_brings_code_is_refused(tmp_path, index):
    with pytest.raises(ModelRefused, match="not run here"):
        components_of(pipeline_folder(tmp_path / "m", **index))


@pytest.mark.parametrize("raw", [b"", b"[]", b"\xff\xfe", b"[" * 100_000])
def test_settings_that_are_no_json_object(tmp_path, raw):
    (tmp_path / "model_index.json").write_bytes(raw)
    with pytest.raises(ModelDamaged, match=r"model_index\.json' is not a JSON object"):
        components_of(tmp_path)
