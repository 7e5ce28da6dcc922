# SPDX-License-Identifier: BSD-3-Clause
"""Files, archives of TorchScript and pickles: kept here, and exchanged with the other implementation.

Two implementations can not be in one process: METATENSOR_ORACLE_PYTHON is a Python that has the other one.
"""

import io
import json
import os
import pathlib
import pickle
import subprocess
import zipfile

import metatensor.torch as mts
import numpy as np
import pytest
import serialized
import torch
from metatensor.torch import Labels, TensorBlock, TensorMap
from serialized import DATA, digest


ORACLE = os.environ.get("METATENSOR_ORACLE_PYTHON", "")
needs_oracle = pytest.mark.skipif(
    ORACLE == "", reason="METATENSOR_ORACLE_PYTHON is not set to a Python with the other implementation"
)


def ask_oracle(*arguments) -> str:
    environment = {key: value for key, value in os.environ.items() if key != "PYTHONPATH"}
    result = subprocess.run(
        [ORACLE, "-W", "ignore", serialized.__file__, *map(str, arguments)],
        capture_output=True,
        text=True,
        env=environment,
    )
    assert result.returncode == 0, result.stderr
    return result.stdout


@pytest.fixture(scope="module")
def expected() -> dict:
    return {name: json.loads(json.dumps(digest(make()))) for name, make in DATA.items()}


@pytest.fixture(scope="module")
def written_by_the_other(tmp_path_factory) -> pathlib.Path:
    folder = tmp_path_factory.mktemp("theirs")
    ask_oracle("write", folder)
    return folder


@pytest.fixture(scope="module")
def written_here(tmp_path_factory) -> pathlib.Path:
    folder = tmp_path_factory.mktemp("ours")
    serialized.write(folder)
    return folder


def wrong(digests: dict, expected: dict) -> dict:
    """What is not as expected, with the file that it was read from"""
    return {file: found for file, found in digests.items() if found != expected[file.split(".")[0]]}


def test_what_was_written_is_read(written_here, expected):
    found = json.loads(json.dumps(serialized.digests(written_here)))
    assert len(found) == len(DATA) * len(serialized.WAYS)
    assert wrong(found, expected) == {}


@needs_oracle
def test_files_of_the_other_are_read_here(written_by_the_other, expected):
    found = json.loads(json.dumps(serialized.digests(written_by_the_other)))
    assert wrong(found, expected) == {}


@needs_oracle
def test_the_other_reads_files_from_here(written_here, expected):
    found = wrong(json.loads(ask_oracle("digest", written_here)), expected)
    # the other does not find the dtype of a system that has neighbors in float32, in files of its own neither
    theirs = {file: text for file, text in found.items() if not file.startswith("system-float32")}
    assert theirs == {}
    assert all("dtype (torch.float32) does not match" in text[0] for text in found.values())


def entries(path: pathlib.Path) -> dict:
    with zipfile.ZipFile(path) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


@needs_oracle
@pytest.mark.parametrize("name", DATA)
def test_bytes_are_those_of_the_other(name, written_here, written_by_the_other):
    ours, theirs = written_here / f"{name}.mta", written_by_the_other / f"{name}.mta"
    if name.startswith("labels"):
        assert ours.read_bytes() == theirs.read_bytes()
        return
    ours, theirs = entries(ours), entries(theirs)
    if name.startswith("system"):  # options are JSON with keys in any order, archives in the archive differ
        ours.pop("dtype.json", None)
        ours, theirs = ({k: v for k, v in files.items() if k.endswith(".npy")} for files in (ours, theirs))
    for files in (ours, theirs):
        files["info.json"] = json.loads(files.get("info.json", "null"))
    assert list(ours) == list(theirs)
    assert ours == theirs


@pytest.mark.parametrize("name", ["map-float32", "block", "labels", "system-float32"])
def test_copies_of_python(name):
    data = DATA[name]()
    for copied in serialized.copies(data):
        assert digest(copied) == digest(data)


# --- bfloat16: the other implementation can not save it


def bfloat16_map() -> TensorMap:
    block = TensorBlock(
        torch.tensor([[1.0, -2.5], [3e38, 0.1]]).to(torch.bfloat16), Labels.range("s", 2), [], Labels.range("p", 2)
    )
    return TensorMap(Labels.single(), [block])


def test_bfloat16(tmp_path):
    path = tmp_path / "bfloat16.mts"
    mts.save(path, bfloat16_map())
    assert digest(mts.load(path)) == digest(bfloat16_map())
    with np.load(path) as arrays:  # as NumPy has no such type: raw data of 2 bytes, as of ml_dtypes.bfloat16
        raw = arrays["blocks/0/values"]
    assert raw.dtype == np.dtype("V2")
    bits = torch.from_numpy(raw.view(np.int16).copy())
    assert torch.equal(bits.view(torch.bfloat16), bfloat16_map().block().values)


READ_IN_ORACLE = """
import sys, metatensor.torch
try:
    metatensor.torch.load(sys.argv[1])
except RuntimeError as error:
    print(error)
"""


@needs_oracle
def test_the_other_refuses_bfloat16_with_an_error(tmp_path):
    path = tmp_path / "bfloat16.mts"
    mts.save(path, bfloat16_map())
    environment = {key: value for key, value in os.environ.items() if key != "PYTHONPATH"}
    result = subprocess.run(
        [ORACLE, "-W", "ignore", "-c", READ_IN_ORACLE, path], capture_output=True, text=True, env=environment
    )
    assert result.returncode == 0, result.stderr
    assert "V2" in result.stdout


# --- NumPy


@pytest.mark.parametrize("dtype", ["|u1", "|i1", "|b1", ">f8", "<f4", ">i2", "<c16"])
def test_arrays_of_numpy(dtype, tmp_path):
    values = np.array([[0, 1], [1, 0]]).astype(dtype)
    arrays = {
        "values": values,
        "samples": np.array([(0,), (1,)], dtype=[("s", "<i4")]),
        "properties": np.array([(0,), (1,)], dtype=[("p", "<i4")]),
    }
    np.savez(tmp_path / "block.npz", **arrays)
    block = mts.load_block(tmp_path / "block.npz")
    assert np.array_equal(block.values.numpy(), values)
    assert block.values.numpy().dtype == values.dtype.newbyteorder("=")


def test_numpy_reads_what_is_written(tmp_path):
    mts.save(tmp_path / "block.mts", DATA["block"]())
    with np.load(tmp_path / "block.mts") as arrays:
        assert np.array_equal(arrays["values"], DATA["block"]().values.numpy(), equal_nan=True)
        assert arrays["samples"].dtype.names == ("system", "atom")
    mts.save(tmp_path / "labels.npy", DATA["labels"]())
    assert np.load(tmp_path / "labels.npy").tolist() == [tuple(row) for row in DATA["labels"]().values.tolist()]


# --- How files are loaded


class Reader:
    """What has a ``read`` method and nothing else"""

    def __init__(self, content):
        self.read = lambda: content


class Writer:
    """What has a ``write`` method that wants bytes"""

    def write(self, content):
        assert type(content) is bytes
        self.content = content


@pytest.mark.parametrize(
    "name, load", [("map-float64", mts.load), ("block", mts.load_block), ("labels", mts.load_labels)]
)
def test_ways_to_load(name, load, tmp_path):
    data = DATA[name]()
    path = tmp_path / "data"
    mts.save(path, data)
    content = path.read_bytes()
    later = io.BytesIO(b"before" + content)
    later.seek(6)
    writer = Writer()
    mts.save(writer, data)
    assert writer.content == content
    with open(path, "rb") as file, open(path, "rb", buffering=0) as unbuffered:
        sources = [file, unbuffered, io.BytesIO(content), later, Reader(content)]
        loaded = [load(source) for source in sources]
    loaded += [load(path, mmap=True), load(path, device="cpu"), load(path, device=torch.device("cpu"), mmap=True)]
    loaded += [load(io.BytesIO(content), device="cpu")]
    for again in loaded:
        assert digest(again) == digest(data)
    with pytest.raises(ValueError, match="only a file that is given by its name can be mapped into memory, got BytesIO"):
        load(io.BytesIO(content), mmap=True)
    with pytest.raises(RuntimeError, match="Reader|end|start|zip|npy"):
        load(Reader(b""))


class Few(io.RawIOBase):
    """A file that takes few bytes at once, and ``limit`` in all"""

    def __init__(self, limit):
        self.content, self.limit = b"", limit

    def writable(self):
        return True

    def write(self, content):
        taken = bytes(content[: min(100, self.limit - len(self.content))])
        self.content += taken
        return len(taken) or None


def test_unbuffered_files_that_take_a_part():
    data = DATA["map-float64"]()
    file = Few(limit=10**9)
    mts.save(file, data)
    assert file.content == mts.save_buffer(data).numpy().tobytes()
    with pytest.raises(BlockingIOError, match=f"only 150 of {len(file.content)} bytes could be written"):
        mts.save(Few(limit=150), data)


def test_files_of_text(tmp_path):
    data = DATA["labels"]()
    path = tmp_path / "labels.npy"
    with open(path, "w") as file, pytest.raises(TypeError, match='in binary mode, `open\\(..., "wb"\\)`'):
        mts.save(file, data)
    mts.save(path, data)
    for file in [open(path), io.StringIO("text"), Reader("text")]:
        with pytest.raises(TypeError, match='in binary mode, `open\\(..., "rb"\\)`'):
            mts.load_labels(file)


@pytest.mark.skipif(not torch.cuda.is_available(), reason="there is no GPU")
@pytest.mark.parametrize("mmap", [False, True])
def test_load_to_the_gpu(mmap, tmp_path):
    data = DATA["map-float64"]()
    mts.save(tmp_path / "data.mts", data.to("cuda"))
    loaded = mts.load(tmp_path / "data.mts", device="cuda", mmap=mmap)
    assert loaded.device.type == "cuda" and loaded.block_by_id(0).samples.values.is_cuda
    assert digest(loaded.to("cpu")) == digest(data)
    assert digest(mts.load(io.BytesIO((tmp_path / "data.mts").read_bytes()), device="cuda").to("cpu")) == digest(data)


def load_mapped(path: str) -> TensorMap:
    return mts.load(path, device=torch.device("cpu"), mmap=True)


def test_options_in_torchscript(tmp_path):
    path = str(tmp_path / "data.mts")
    mts.save(path, DATA["map-float32"]())
    scripted = torch.jit.script(load_mapped)
    assert "metatensor.load" in scripted.code
    assert digest(scripted(path)) == digest(DATA["map-float32"]())


def test_mapped_values_are_copied_when_they_are_changed(tmp_path):
    path = tmp_path / "data.mts"
    block = TensorBlock(torch.ones(100, 100), Labels.range("s", 100), [], Labels.range("p", 100))
    mts.save(path, block)
    before = path.read_bytes()
    loaded = mts.load_block(path, mmap=True)
    loaded.values[:] = 2
    assert path.read_bytes() == before
    mts.save(path, loaded)
    assert torch.equal(mts.load_block(path).values, torch.full((100, 100), 2.0))
    assert torch.equal(pickle.loads(pickle.dumps(loaded)).values, loaded.values)
