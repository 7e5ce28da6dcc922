# SPDX-License-Identifier: BSD-3-Clause
"""Files of atomistic models: what is in them, and what is said of those that are damaged or of another version."""

import ctypes
import hashlib
import io
import json
import os
import subprocess
import sys
import warnings
import zipfile
from typing import Dict

import pytest
import torch
from atoms import evaluate, make_system
from springs import PAIR, Springs, atomistic
from test_atomistic_model import Nested

import metatomic.torch
from metatomic.torch import (
    AtomisticModel,
    ModelMetadata,
    check_atomistic_model,
    is_atomistic_model,
    load_atomistic_model,
    read_model_metadata,
)
from metatomic.torch._elf import needed_libraries


def extra_files(path) -> Dict[str, str]:
    with zipfile.ZipFile(path) as archive:
        names = [name for name in archive.namelist() if "/extra/" in name]
        return {name.split("/extra/")[1]: archive.read(name).decode() for name in names}


def test_saved_file(tmp_path):
    model = atomistic(metadata=ModelMetadata(name="springs", authors=["Ada <ada@example.org>"]))
    model.save(tmp_path / "model.pt")
    extra = extra_files(tmp_path / "model.pt")
    assert extra["torch-version"] == torch.__version__
    assert extra["metatomic-version"].startswith("0.1.")
    assert json.loads(extra["extensions"]) == []
    assert json.loads(extra["extensions-deps"]) == []
    assert set(json.loads(extra["export-metadata"])) == {"date", "platform"}
    assert json.loads(extra["model-metadata"])["name"] == "springs"
    assert read_model_metadata(str(tmp_path / "model.pt")).authors == ["Ada <ada@example.org>"]
    check_atomistic_model(str(tmp_path / "model.pt"))


def test_collected_extensions(tmp_path, monkeypatch):
    extension = tmp_path / "site" / "package" / "lib" / "libpackage_torch.so"
    extension.parent.mkdir(parents=True)
    extension.write_bytes(b"not really a library")
    monkeypatch.syspath_prepend(str(tmp_path / "site"))
    monkeypatch.setattr(torch.ops, "loaded_libraries", {*torch.ops.loaded_libraries, str(extension)})
    atomistic().save(tmp_path / "model.pt", collect_extensions=str(tmp_path / "extensions"))

    extra = extra_files(tmp_path / "model.pt")
    (entry,) = json.loads(extra["extensions"])
    assert entry["name"] == "package_torch"
    assert entry["path"] == "package/lib/libpackage_torch.so"
    assert len(entry["sha256"]) == 64
    assert json.loads(extra["export-metadata"])["extensions_directory"] == str(tmp_path / "extensions")
    copied = tmp_path / "extensions" / entry["path"]
    assert copied.read_bytes() == extension.read_bytes()


def test_collected_extensions_from_elsewhere(tmp_path, monkeypatch):
    """A library outside of the import path is found again where it was copied, and with it the model."""
    library = tmp_path / "far" / "lib" / "libfar_torch.so"
    library.parent.mkdir(parents=True)
    source = tmp_path / "far.c"
    source.write_text("int far_away(void) { return 42; }\n")
    subprocess.run(["cc", "-shared", "-fPIC", source, "-o", library], check=True)
    monkeypatch.setattr(torch.ops, "loaded_libraries", {*torch.ops.loaded_libraries, str(library)})
    atomistic().save(tmp_path / "model.pt", collect_extensions=str(tmp_path / "extensions"))
    library.unlink()
    with warnings.catch_warnings():
        warnings.filterwarnings("error", message=".*extension.*")
        load_atomistic_model(tmp_path / "model.pt", tmp_path / "extensions")


def test_collected_dependencies(tmp_path, monkeypatch):
    """What an extension is linked to comes with it, if it is in a Python package, as auditwheel puts it there."""
    library, helper = "site/package/lib/libpackage_torch.so", "site/package.libs/libhelper-1a2b.so.3"
    for path, code in [(helper, "int helper(void) { return 42; }"), (library, "int helper(void); int f(void) { return helper(); }")]:
        (tmp_path / path).parent.mkdir(parents=True)
        (tmp_path / "code.c").write_text(code + "\n")
        command = ["cc", "-shared", "-fPIC", "-Wl,-soname," + os.path.basename(path), "code.c", "-o", path]
        if path == library:
            command += ["-Wl,--no-as-needed", helper, "-lm", "-Wl,-rpath,$ORIGIN/../../package.libs"]
        subprocess.run(command, check=True, cwd=tmp_path)
    ctypes.CDLL(str(tmp_path / library))
    monkeypatch.syspath_prepend(str(tmp_path / "site"))
    monkeypatch.setattr(torch.ops, "loaded_libraries", {*torch.ops.loaded_libraries, str(tmp_path / library)})
    atomistic().save(tmp_path / "model.pt", collect_extensions=tmp_path / "extensions")

    extra = extra_files(tmp_path / "model.pt")
    assert [entry["path"] for entry in json.loads(extra["extensions"])] == ["package/lib/libpackage_torch.so"]
    (entry,) = json.loads(extra["extensions-deps"])  # not the library of mathematics, which is no package's
    assert (entry["name"], entry["path"]) == ("helper-1a2b", "package.libs/libhelper-1a2b.so.3")
    assert entry["sha256"] == hashlib.sha256((tmp_path / helper).read_bytes()).hexdigest()

    (tmp_path / "site").rename(tmp_path / "moved")
    code = "import sys, warnings; warnings.simplefilter('error', UserWarning)\nfrom metatomic.torch import load_model_extensions\n"
    code += "load_model_extensions(sys.argv[1], sys.argv[2])"
    subprocess.run([sys.executable, "-c", code, tmp_path / "model.pt", tmp_path / "extensions"], check=True)


def test_what_a_library_is_linked_to(tmp_path):
    needed = needed_libraries(metatomic.torch._c_lib._lib_path())
    assert {"libmetatensor_torch.so", "libtorch_cpu.so", "libc10.so"} <= set(needed)
    for content in [b"", b"\x7fELF\x01\x01" + bytes(100), b"x" * 100, b"\x7fELF\x02\x01" + bytes(58)]:
        (tmp_path / "file").write_bytes(content)
        assert needed_libraries(str(tmp_path / "file")) == []


def test_saves_to_a_file_object(tmp_path):
    buffer = io.BytesIO()
    atomistic().save(buffer)
    (tmp_path / "model.pt").write_bytes(buffer.getvalue())
    assert is_atomistic_model(load_atomistic_model(tmp_path / "model.pt"))


def test_saves_no_model_in_training(tmp_path):
    model = atomistic()
    model.train()
    with pytest.raises(ValueError, match="a model in training mode can not be saved"):
        model.save(tmp_path / "model.pt")


def test_load(tmp_path):
    model = atomistic(Nested(), metadata=ModelMetadata(name="springs"))
    model.save(tmp_path / "model.pt")
    loaded = load_atomistic_model(tmp_path / "model.pt")
    loaded.save(tmp_path / "again.pt")
    for other in [loaded, load_atomistic_model(str(tmp_path / "again.pt"))]:
        assert isinstance(other, AtomisticModel)
        assert other.metadata().name == "springs"
        assert other.capabilities().atomic_types == [1, 8]
        requestors = [request.requestors() for request in other.requested_neighbor_lists()]
        assert requestors == [["Nested", "Nested.same"], ["Nested.other.0"]]
        assert evaluate(other, [make_system(PAIR, other.requested_neighbor_lists())]).values.item() == 0.5


def test_load_of_other_files(tmp_path):
    with pytest.raises(ValueError, match="nowhere.pt"):
        load_atomistic_model(tmp_path / "nowhere.pt")
    torch.jit.save(torch.jit.script(Springs()), str(tmp_path / "plain.pt"))
    with pytest.raises(ValueError, match="plain.pt"):
        load_atomistic_model(tmp_path / "plain.pt")


def test_load_of_incomplete_archives(tmp_path):
    """Any entry of the archive can be missing: nobody needs it, or an error says so."""
    atomistic().save(tmp_path / "model.pt")
    with zipfile.ZipFile(tmp_path / "model.pt") as source:
        contents = {name: source.read(name) for name in source.namelist()}
    outcomes = {}
    for missing in contents:
        with zipfile.ZipFile(tmp_path / "other.pt", "w") as target:
            for name in contents:
                if name != missing:
                    target.writestr(name, contents[name])
        entry = missing.partition("/")[2]
        try:
            outcomes[entry] = type(load_atomistic_model(tmp_path / "other.pt"))
        except (ValueError, RuntimeError) as error:
            outcomes[entry] = str(error)
    assert "does not contain an atomistic model" in outcomes["extra/metatomic-version"]
    assert "is not a TorchScript file" in outcomes["constants.pkl"]
    assert isinstance(outcomes["data.pkl"], str)
    code = [outcome for entry, outcome in outcomes.items() if entry.endswith(".py") and "metatomic/torch" in entry]
    assert code and all(isinstance(outcome, str) for outcome in code)
    for entry in ["extra/torch-version", "extra/extensions", "extra/export-metadata", "extra/model-metadata"]:
        assert outcomes[entry] is AtomisticModel, entry


def test_load_without_the_extension(tmp_path):
    atomistic().save(tmp_path / "model.pt")
    with zipfile.ZipFile(tmp_path / "model.pt") as source, zipfile.ZipFile(tmp_path / "other.pt", "w") as target:
        for name in source.namelist():
            content = source.read(name)
            if name.endswith(".py"):  # which file it is depends on how many models were scripted before
                content = content.replace(b"ops.metatomic.unit_conversion_factor", b"ops.metatomic._not_registered")
            target.writestr(name, content)
    with pytest.raises(RuntimeError, match="needs a TorchScript extension that is not loaded"):
        load_atomistic_model(tmp_path / "other.pt")


def with_entries(path, **entries):
    """A model at ``path`` whose extra entries have other texts."""
    atomistic(metadata=ModelMetadata(name="springs")).save(path.with_name("model.pt"))
    with zipfile.ZipFile(path.with_name("model.pt")) as source, zipfile.ZipFile(path, "w") as target:
        for name in source.namelist():
            entry = name.partition("/extra/")[2].replace("-", "_")
            target.writestr(name, entries.get(entry, source.read(name)))
    return str(path)


@pytest.mark.parametrize("version, is_compatible", [("0.1.0", True), ("0.1.99", True), ("0.1.3-rc2", True)] + [
    (version, False) for version in ["0.2.0", "1.1.19", "99", "", "no version"]
])  # fmt: skip
def test_versions(version, is_compatible, tmp_path):
    path = with_entries(tmp_path / "other.pt", metatomic_version=version)
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        assert is_atomistic_model(load_atomistic_model(path))
    text = f"was exported with metatomic-torch {version}, which may not work with the present version, 0.1."
    assert any(text in str(warning.message) for warning in caught) == (not is_compatible)


@pytest.mark.parametrize("entry", ["extensions", "extensions_deps"])
@pytest.mark.parametrize("text", ["{", "[1]", '[{"name": "foo"}]', '["foo"]'])
def test_invalid_lists_of_extensions(entry, text, tmp_path):
    path = with_entries(tmp_path / "other.pt", **{entry: text})
    with pytest.raises(ValueError, match="the list of extensions in '.*other.pt' is invalid: .*json"):
        load_atomistic_model(path)


def test_missing_extensions(tmp_path):
    path = with_entries(tmp_path / "other.pt", extensions='[{"name": "foo", "sha256": "00", "path": "foo/libfoo.so"}]')
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        load_atomistic_model(path, tmp_path)
    texts = [str(warning.message) for warning in caught]
    (text,) = [text for text in texts if "could not load the extension 'foo' of the model" in text]
    assert str(tmp_path / "foo" / "libfoo.so") in text
    assert any("exported with extensions that are not loaded: foo" in text for text in texts)


@pytest.mark.parametrize(
    "text, message",
    [
        ("", "invalid JSON for ModelMetadata: .* (unexpected end of|an empty) input"),  # by version of the JSON library
        ("{", "invalid JSON for ModelMetadata: .* unexpected end of input"),
        ("[]", "invalid JSON for ModelMetadata: expected an object, got array"),
        ("{}", "invalid JSON for ModelMetadata: there is no 'class'"),
        ('{"class": "ModelOutput"}', "invalid JSON for ModelMetadata: its 'class' is 'ModelOutput'"),
        ('{"class": "ModelMetadata", "name": 3}', "must be string, but is number"),
        ('{"class": "ModelMetadata", "authors": "Ada"}', "must be array, but is string"),
    ],
)
def test_invalid_metadata(text, message, tmp_path):
    """Only who asks for it needs the metadata, which the model has once more."""
    path = with_entries(tmp_path / "other.pt", model_metadata=text)
    with pytest.raises(ValueError, match=message):
        read_model_metadata(path)
    assert load_atomistic_model(path).metadata().name == "springs"


@pytest.mark.parametrize("size", [0, 3, 100, 5000])
def test_cut_files(size, tmp_path):
    atomistic().save(tmp_path / "model.pt")
    (tmp_path / "other.pt").write_bytes((tmp_path / "model.pt").read_bytes()[:size])
    for function in [load_atomistic_model, read_model_metadata, check_atomistic_model]:
        with pytest.raises(ValueError, match="other.pt.* is not a TorchScript file"):
            function(str(tmp_path / "other.pt"))
