# SPDX-License-Identifier: BSD-3-Clause
"""Each rule of systems, units, names and layouts is broken once; the error says what, what was expected, and what there was."""

import os
import subprocess
import sys
import warnings

import pytest
import torch

from metatensor.torch import Labels, TensorBlock, TensorMap
from metatomic.torch import (
    ModelCapabilities,
    ModelEvaluationOptions,
    ModelOutput,
    NeighborListOptions,
    System,
    pick_device,
    pick_output,
    register_autograd_neighbors,
    unit_conversion_factor,
    unit_dimension_for_quantity,
)


F64 = torch.float64
NO, YES = torch.tensor([False] * 3), torch.tensor([True] * 3)
PAIR_NAMES = ["first_atom", "second_atom", "cell_shift_a", "cell_shift_b", "cell_shift_c"]
OPTIONS = NeighborListOptions(2.0, False, True)
KEYS = Labels("_", torch.tensor([[0]]))


def zeros(*shape, dtype=F64, device="cpu"):
    return torch.zeros(shape, dtype=dtype, device=device)


def labels(names, rows):
    return Labels(names, torch.tensor(rows, dtype=torch.int32))


def xyz(name="xyz", entries=(0, 1, 2)):
    return labels([name], [[entry] for entry in entries])


def numbered(name, entries=(0,)):
    return labels([name], [[entry] for entry in entries])


def system(types=None, positions=None, cell=None, pbc=NO):
    """Two atoms of type 1 at the origin."""
    return System(
        torch.tensor([1, 1]) if types is None else types,
        zeros(2, 3) if positions is None else positions,
        zeros(3, 3) if cell is None else cell,
        pbc,
    )


def set_to(name, value, **arguments):
    setattr(system(**arguments), name, value)


def pairs(names=PAIR_NAMES, components=None, properties=None, dtype=F64, row=(0, 1, 0, 0, 0)):
    components = [xyz()] if components is None else components
    properties = numbered("distance") if properties is None else properties
    shape = [1, *(len(component) for component in components), len(properties)]
    return TensorBlock(zeros(*shape, dtype=dtype), labels(names, [list(row)]), components, properties)


def add_pairs(**arguments):
    system().add_neighbor_list(OPTIONS, pairs(**arguments))


def add_pairs_with_gradients():
    block = pairs()
    gradient = TensorBlock(zeros(1, 3, 1), labels(["sample"], [[0]]), block.components, block.properties)
    block.add_gradient("strain", gradient)
    system().add_neighbor_list(OPTIONS, block)


def add_pairs_twice():
    one = system()
    for _ in range(2):
        one.add_neighbor_list(OPTIONS, pairs())


def register(block, check=False):
    positions = torch.tensor([[0.0, 0.0, 0.0], [0.0, 0.0, 1.0]], dtype=F64, requires_grad=True)
    register_autograd_neighbors(system(positions=positions), block, check)


def pairs_with_grad():
    block = pairs()
    return TensorBlock(block.values.requires_grad_(), block.samples, block.components, block.properties)


def add_data(name, dtype=F64, times=1):
    one = system()
    for _ in range(times):
        one.add_data(name, tensor(labels(["system", "atom"], [[0, 0], [0, 1]]), properties=numbered("charge"), dtype=dtype))


SYSTEMS = {
    "types must have shape [n], got [2, 1]": lambda: system(types=torch.ones(2, 1, dtype=torch.int32)),
    "types must be a tensor of integers, got float32": lambda: system(types=torch.tensor([1.0, 2.0])),
    "types must fit in 32 bits, got 1099511627776": lambda: system(types=torch.tensor([2**40, 2])),
    "positions must have shape [2, 3], got [2, 2]": lambda: system(positions=zeros(2, 2)),
    "positions must have shape [2, 3], got [3, 3]": lambda: system(positions=zeros(3, 3)),
    "positions must be a tensor of real numbers (float16, bfloat16, float32 or float64), got int64": lambda: system(
        positions=zeros(2, 3, dtype=torch.int64)
    ),
    "float64), got complex128": lambda: system(positions=zeros(2, 3, dtype=torch.complex128)),
    "cell must have shape [3, 3], got [3, 2]": lambda: system(cell=zeros(3, 2)),
    "cell must have dtype float64, got float32": lambda: system(cell=zeros(3, 3, dtype=torch.float32)),
    "pbc must have shape [3], got [2]": lambda: system(pbc=NO[:2]),
    "pbc must have dtype bool, got int64": lambda: system(pbc=torch.tensor([0, 0, 0])),
    "the cell vector 0 must be zero, since pbc[0] is False: got [1, 0, 0]": lambda: system(cell=torch.eye(3, dtype=F64)),
    "the cell vector 1 must be zero, since pbc[1] is False: got [0, 1, 0]": lambda: set_to(
        "pbc", torch.tensor([True, False, True]), cell=torch.eye(3, dtype=F64), pbc=YES
    ),
    "new types must have shape [2], got [1]": lambda: set_to("types", torch.tensor([1])),
    "new positions must have shape [2, 3], got [3, 3]": lambda: set_to("positions", zeros(3, 3)),
    "new positions must have dtype float64, got float32": lambda: set_to("positions", zeros(2, 3, dtype=torch.float32)),
    "new positions must be on device cpu, got meta": lambda: set_to("positions", zeros(2, 3, device="meta")),
    "new cell must have shape [3, 3], got [2, 3]": lambda: set_to("cell", zeros(2, 3)),
    "new cell must have dtype float64, got float32": lambda: set_to("cell", zeros(3, 3, dtype=torch.float32)),
    "new pbc must have shape [3], got [1]": lambda: set_to("pbc", NO[:1]),
    "new pbc must have dtype bool, got int64": lambda: set_to("pbc", torch.tensor([1, 1, 1])),
    # neighbor lists
    "must have the names [first_atom, second_atom, cell_shift_a, cell_shift_b, cell_shift_c], got [a, second_atom,": lambda: (
        add_pairs(names=["a", *PAIR_NAMES[1:]])
    ),
    "`neighbors` must have a single component 'xyz' with entries [0, 1, 2]": lambda: add_pairs(components=[]),
    "single component 'xyz'": lambda: add_pairs(components=[xyz("zyx")]),
    "with entries [0, 1, 2]": lambda: add_pairs(components=[xyz(entries=[0, 2, 1])]),
    "`neighbors` must have a single property 'distance' with the entry 0": lambda: add_pairs(properties=numbered("d")),
    "with the entry 0": lambda: add_pairs(properties=numbered("distance", [1])),
    "the values of `neighbors` must have dtype float64, got float32": lambda: add_pairs(dtype=torch.float32),
    "`neighbors` must not have gradients": add_pairs_with_gradients,
    "NeighborListOptions(cutoff=2.000000, full_list=False, strict=True) already exists in this system": add_pairs_twice,
    "no neighbor list for NeighborListOptions(cutoff=2.000000, full_list=False, strict=True)": lambda: (
        system().get_neighbor_list(OPTIONS)
    ),
    "the cutoff of a neighbor list must be a number that is not negative, got -1": lambda: NeighborListOptions(-1.0, True, True),
    "not negative, got nan": lambda: NeighborListOptions(float("nan"), True, True),
    "the neighbor list is a part of a computational graph already": lambda: register(pairs_with_grad()),
    "the vector between atoms 0 and 1 with cell shift [0, 0, 0] should be [0, 0, 1], got [0, 0, 0]": lambda: (
        register(pairs(), check=True)
    ),
    "between atoms 0 and 7, is out of bounds: this system has 2 atoms": lambda: register(pairs(row=[0, 7, 0, 0, 0]), check=True),
    # data
    **{
        f"custom data can not be named '{name}'": (lambda name=name: add_data(name))
        for name in ["types", "positions", "position", "cell", "neighbors", "neighbor", "Types", "POSITIONS"]
    },
    "invalid model input name 'foo': this is not a known quantity": lambda: add_data("foo"),
    "'::foo': a custom quantity is named '<domain>::<quantity>', and neither part can be empty": lambda: add_data("::foo"),
    "custom data 'charge' must have the dtype of this system, float64, got float32": lambda: add_data("charge", torch.float32),
    "custom data 'charge' are already present in this system": lambda: add_data("charge", times=2),
    "no data for 'mass' found in this system": lambda: system().get_data("mass"),
}

UNITS = {
    "unknown unit 'foo'": ("foo", "eV"),
    "unknown unit 'eVA'": ("eV A", "eV"),
    "unit expression '(eV' has unbalanced parentheses": ("(eV", "eV"),
    "unit expression 'eV)' has unbalanced parentheses": ("eV)", "eV"),
    "malformed unit expression 'eV*': missing a value": ("eV*", "eV"),
    "malformed unit expression '()': missing a value": ("()", "eV"),
    "malformed unit expression '2eV': leftover input 'eV'": ("2eV", "eV"),
    "must be dimensionless, got 'A' with dimension L in 'eV^A'": ("eV^A", "eV"),
    "the dimension of 'eV' is L^2 T^-2 M, but that of 'A' is L": ("eV", "A"),
}

VARIANTS = {"energy/a": ModelOutput(unit="eV", description="first"), "energy/b": ModelOutput(unit="eV", description="second")}


def capabilities(name, **output):
    return ModelCapabilities(outputs={name: ModelOutput(**output)})


CLASSES = {
    "invalid model output name 'foo': this is not a known quantity": lambda: capabilities("foo"),
    "invalid model output name '::foo': a custom quantity": lambda: capabilities("::foo"),
    "invalid model output name 'foo::': a custom quantity": lambda: capabilities("foo::"),
    "invalid model output name 'energy/': a variant is named '<quantity>/<variant>'": lambda: capabilities("energy/"),
    "unit 'A' is not a unit of energy: its dimension is L instead of L^2 T^-2 M": lambda: capabilities("energy", unit="A"),
    "the dtype of a model must be 'float32' or 'float64', got 'float16'": lambda: ModelCapabilities(dtype="float16"),
    "unit 'eV' is not a unit of length: its dimension is L^2 T^-2 M": lambda: ModelCapabilities(length_unit="eV"),
    "is not a unit of length": lambda: ModelEvaluationOptions(length_unit="eV"),
    "invalid sample_kind 'foo': it must be one of 'atom', 'atom_pair', 'system'": lambda: ModelOutput(sample_kind="foo"),
    "`selected_atoms`: their names must be ['system', 'atom'], got ['a', 'b']": lambda: ModelEvaluationOptions(
        selected_atoms=labels(["a", "b"], [[0, 0]])
    ),
    "invalid quantity name 'foo': this is not a known quantity": lambda: unit_dimension_for_quantity("foo"),
    "the output 'energy' has only variants, one of which must be asked for:\n - 'energy/a': first\n - 'energy/b': second": lambda: (
        pick_output("energy", VARIANTS, None)
    ),
    "there is no variant 'c' of the output 'energy'": lambda: pick_output("energy", VARIANTS, "c"),
    "there is no output 'charge'": lambda: pick_output("charge", VARIANTS, None),
}

DEVICES = {
    "pick_device failed: none of the devices of the model is available on this machine: the model supports [foo]": (["foo"], None),
    "pick_device failed: none of the devices of the model": ([], None),
    "is available on this machine: the model supports [hpu]": (["hpu"], None),
    "pick_device failed: 'blah' is not a device that torch knows": (["cpu"], "blah"),
}


def tensor(samples=None, components=(), properties=None, dtype=F64, keys=KEYS, gradient=None):
    """An energy of two systems; ``gradient`` is (parameter, sample names, one row, components)."""
    samples = labels(["system"], [[0], [1]]) if samples is None else samples
    properties = numbered("energy") if properties is None else properties
    shape = [len(samples), *(len(component) for component in components), len(properties)]
    block = TensorBlock(zeros(*shape, dtype=dtype), samples, list(components), properties)
    if gradient is not None:
        parameter, names, row, axes = gradient
        values = zeros(1, *(len(axis) for axis in axes), *shape[1:])
        block.add_gradient(parameter, TensorBlock(values, labels(names, [row]), axes, properties))
    return TensorMap(keys, [block.copy() for _ in range(len(keys))])


ATOMS = ["system", "atom"]
ALL_ATOMS = labels(ATOMS, [[0, 0], [0, 1], [1, 0], [1, 1]])
NO_AXES = "expected ['xyz' = 0, 1, 2], got []"

#: message: (name of the output, the map, sample kind, selected atoms)
LAYOUTS = {
    "invalid keys for 'energy': expected a single key, '_' = 0, got Labels\n    a": ("energy", tensor(keys=numbered("a"))),
    "a single key, '_' = 0, got Labels\n    _\n    1": ("energy", tensor(keys=numbered("_", [1]))),
    "a single key, '_' = 0, got Labels\n    _\n    0\n    1": ("energy", tensor(keys=numbered("_", [0, 1]))),
    "wrong dtype for 'energy': the model uses float64, but these data are float32": ("energy", tensor(dtype=torch.float32)),
    "invalid samples for 'energy': expected the names [system], got [atom]": ("energy", tensor(labels(["atom"], [[0]]))),
    "expected the names [system, atom], got [system]": ("energy", tensor(), "atom"),
    "expected the names [system, first_atom, second_atom, cell_shift_a, cell_shift_b, cell_shift_c], got [system, atom]": (
        "energy",
        tensor(ALL_ATOMS),
        "atom_pair",
    ),
    "invalid samples for 'energy': (system=2) is not one of the systems": ("energy", tensor(labels(["system"], [[0], [2]]))),
    "invalid samples for 'energy': (system=1) is missing": ("energy", tensor(labels(["system"], [[0]]))),
    "(system=1, atom=7) is not one of the atoms": ("energy", tensor(labels(ATOMS, [[0, 0], [0, 1], [1, 0], [1, 7]])), "atom"),
    "(system=0, atom=1) is not one of the selected atoms": (
        "energy",
        tensor(labels(ATOMS, [[0, 0], [0, 1]])),
        "atom",
        labels(ATOMS, [[0, 0]]),
    ),
    "invalid components for 'energy': expected [], got [Labels\n    xyz": ("energy", tensor(components=[xyz()])),
    **{
        f"invalid components for '{name}': {NO_AXES}": (name, tensor(properties=numbered(name)))
        for name in ["non_conservative_force", "position", "momentum", "velocity", "heat_flux"]
    },
    "expected ['xyz' = 0, 1, 2], got [Labels\n    zyx": (
        "non_conservative_force",
        tensor(components=[xyz("zyx")], properties=numbered("non_conservative_force")),
    ),
    "expected ['xyz' = 0, 1, 2], got [Labels\n    xyz\n     0\n     2\n     1": (
        "non_conservative_force",
        tensor(components=[xyz(entries=[0, 2, 1])], properties=numbered("non_conservative_force")),
    ),
    "expected ['xyz_1' = 0, 1, 2, 'xyz_2' = 0, 1, 2], got [Labels\n    xyz_1": (
        "non_conservative_stress",
        tensor(components=[xyz("xyz_1")], properties=numbered("non_conservative_stress")),
    ),
    "expected 'energy' = 0, got Labels\n    foo": ("energy", tensor(properties=numbered("foo"))),
    "expected 'energy' = 0, got Labels\n    energy\n      0\n      1": ("energy", tensor(properties=numbered("energy", [0, 1]))),
    "invalid properties for 'energy_ensemble': expected 'energy' = 0, 1, ..., n - 1, got Labels": (
        "energy_ensemble",
        tensor(properties=numbered("energy", [1, 0])),
    ),
    "invalid properties for 'energy_uncertainty': expected 'energy' = 0": (
        "energy_uncertainty",
        tensor(properties=numbered("energy_uncertainty")),
    ),
    "invalid properties for 'charge': expected 'charge' = 0": ("charge", tensor()),
    "unexpected 'energy' gradients with respect to 'foo': only 'positions' and 'strain' can be used": (
        "energy",
        tensor(gradient=("foo", ["sample"], [0], [])),
    ),
    "for 'energy' gradients with respect to 'positions': expected the names [sample, system, atom], got [sample]": (
        "energy",
        tensor(gradient=("positions", ["sample"], [0], [xyz()])),
    ),
    "gradients with respect to 'positions': expected ['xyz' = 0, 1, 2], got [Labels\n    a": (
        "energy",
        tensor(gradient=("positions", ["sample", *ATOMS], [0, 0, 0], [xyz("a")])),
    ),
    "gradients with respect to 'strain': expected ['xyz_1' = 0, 1, 2, 'xyz_2' = 0, 1, 2], got [Labels\n    xyz_1": (
        "energy",
        tensor(gradient=("strain", ["sample"], [0], [xyz("xyz_1")])),
    ),
    "gradients with respect to 'strain': expected the names [sample], got [sample, atom]": (
        "energy",
        tensor(gradient=("strain", ["sample", "atom"], [0, 0], [xyz("xyz_1"), xyz("xyz_2")])),
    ),
    "unexpected gradients of 'charge' with respect to 'positions': this quantity has no gradients": (
        "charge",
        tensor(properties=numbered("charge"), gradient=("positions", ["sample", *ATOMS], [0, 0, 0], [xyz()])),
    ),
    **{
        f"'{name}' belongs to a whole system, but it was requested with the sample_kind 'atom'": (
            name,
            tensor(ALL_ATOMS, [xyz()] if name == "heat_flux" else [], numbered(name)),
            "atom",
        )
        for name in ["heat_flux", "spin_multiplicity"]
    },
}


def check_layout(values, name="energy", kind="system", selected=None, what="outputs", is_requested=True):
    requests = {name: ModelOutput(sample_kind=kind)} if is_requested else {}
    torch.ops.metatomic._check_quantities([system(), system()], requests, selected, values, "float64", what)


def raises(message, call, error=ValueError):
    with warnings.catch_warnings(), pytest.raises(error) as raised:
        warnings.simplefilter("ignore")
        call()
    # labels are printed with spaces after entries
    text = "\n".join(line.rstrip() for line in str(raised.value).splitlines())
    assert message in text


@pytest.mark.parametrize("message", SYSTEMS)
def test_systems(message):
    raises(message, SYSTEMS[message])


@pytest.mark.parametrize("message", UNITS)
def test_units(message):
    raises(message, lambda: unit_conversion_factor(*UNITS[message]))


@pytest.mark.parametrize("message", CLASSES)
def test_classes(message):
    raises(message, CLASSES[message])


@pytest.mark.parametrize("message", DEVICES)
def test_devices(message):
    raises(message, lambda: pick_device(*DEVICES[message]), RuntimeError)


@pytest.mark.parametrize("message", LAYOUTS)
def test_layouts(message):
    name, values, *options = LAYOUTS[message]
    kind, selected = [*options, *["system", None][len(options) :]]
    raises(message, lambda: check_layout({name: values}, name, kind, selected))


def test_what_is_requested_and_computed():
    check_layout({"energy": tensor()})
    raises("the model produced the output 'energy', which was not requested", lambda: check_layout({"energy": tensor()}, is_requested=False))
    raises("the model did not produce the output 'energy', which was requested", lambda: check_layout({}))
    # of inputs, an engine may give more
    charges = {"charge": tensor(properties=numbered("charge"))}
    check_layout(charges, "charge", what="inputs", is_requested=False)
    wrong = {"charge": tensor(properties=numbered("charge"), dtype=torch.float32)}
    raises("wrong dtype for 'charge': the model uses float64", lambda: check_layout(wrong, "charge", what="inputs"))


def variants():
    ModelCapabilities(outputs={name: ModelOutput(unit="eV") for name in ["energy", "energy/other"]})


def without_grad():
    system(positions=zeros(2, 3).requires_grad_()).add_neighbor_list(OPTIONS, pairs())


#: what is only said, and what causes it
WARNINGS = {
    "its neighbor list does not: use `register_autograd_neighbors`": without_grad,
    "the output 'energy' has no unit, so engines can not convert it: it should be a unit of energy": lambda: capabilities("energy"),
    "2 variants of the output 'energy', but 'energy/other' has no description": variants,
    "the quantity 'charges' is now called 'charge'": lambda: capabilities("charges", unit="e"),
    "the property 'masses' of 'mass' is now called 'mass'": lambda: check_layout(
        {"mass": tensor(properties=numbered("masses"))}, "mass"
    ),
}


@pytest.mark.parametrize("number", range(len(WARNINGS)))
def test_warnings(number):
    """In a process of its own, since some are said once only."""
    script = f"import test_rules; list(test_rules.WARNINGS.values())[{number}]()"
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join([os.environ["PYTHONPATH"], os.path.dirname(__file__)])}
    command = [sys.executable, "-W", "always", "-c", script]
    done = subprocess.run(command, env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert list(WARNINGS)[number] in done.stderr
