# SPDX-License-Identifier: BSD-3-Clause
"""What is registered in TorchScript is what models and engines know."""

import pathlib

import interface
import pytest
import metatensor.torch  # noqa: F401
import metatomic.torch  # noqa: F401


EXPECTED = set(pathlib.Path(__file__).with_name("interface.txt").read_text().splitlines())


def test_nothing_is_missing_or_different():
    registered = interface.registered_schemas()
    missing = sorted(EXPECTED - set(registered))
    assert not missing, "missing or different:\n" + "\n".join(missing)


ONLY_IN_OLD_MODELS = {"is_view", "to_owned", "view", "blocks_matching"}
CLASSES = [
    *[metatensor.torch.Labels, metatensor.torch.LabelsEntry, metatensor.torch.TensorBlock, metatensor.torch.TensorMap],
    *[metatomic.torch.ModelCapabilities, metatomic.torch.ModelEvaluationOptions, metatomic.torch.ModelMetadata],
    *[metatomic.torch.ModelOutput, metatomic.torch.NeighborListOptions, metatomic.torch.System],
]


@pytest.mark.skipif(not isinstance(metatensor.torch.Labels, type), reason="built without the extension module")
@pytest.mark.parametrize("python_class", CLASSES)
def test_python_classes_offer_all_of_it(python_class):
    prefix = python_class._jit_override_qualname.removeprefix("__torch__.torch.classes.") + "."
    methods = [line.removeprefix(prefix) for line in interface.registered_schemas() if line.startswith(prefix)]
    names = {method.partition("(")[0].removesuffix("_getter").removesuffix("_setter") for method in methods}
    assert len(names) > 5
    missing = names - set(vars(python_class)) - {"__getstate__", "__setstate__"} - ONLY_IN_OLD_MODELS
    assert not missing, "without documentation and slow from Python"
