# SPDX-License-Identifier: BSD-3-Clause
"""Modules with one torch module for each block."""

import copy
import io

import pytest
import torch

import metatensor.torch as mts
from metatensor.torch import Labels, TensorBlock, TensorMap
from metatensor.torch.learn import nn


def labels(names, *rows):
    return Labels(names, torch.tensor(rows, dtype=torch.int32).reshape(-1, len(names)))


KEYS = labels(["o3_lambda", "o3_sigma"], [0, 1], [1, 1], [2, 1])
PROPERTIES = [labels(["n"], *[[10 * i + j] for j in range(4)]) for i in range(3)]


def example(places=(0, 1, 2), dtype=torch.float64, gradients=False, n_samples=5):
    """Blocks [n_samples, 2 l + 1, 4] for some of KEYS"""
    torch.manual_seed(1)
    blocks = []
    for n_components in [1, 3, 5]:
        values = torch.randn(n_samples, n_components, 4, dtype=dtype)
        components = [Labels.range("m", n_components)]
        block = TensorBlock(values, Labels.range("system", n_samples), components, Labels.range("n", 4))
        if gradients:
            gradient = TensorBlock(values, Labels.range("sample", n_samples), components, Labels.range("n", 4))
            block.add_gradient("strain", gradient)
        blocks.append(block)
    return TensorMap(labels(KEYS.names, *[KEYS.values[i].tolist() for i in places]), [blocks[i] for i in places])


def transformation():
    modules = [torch.nn.Sequential(torch.nn.Linear(4, 4), torch.nn.Tanh()) for _ in range(3)]
    return nn.EquivariantTransformation(modules, KEYS, 4, 4).double()


#: makers of all modules, with 4 features in and out
MODULES = {
    "ModuleMap": lambda: nn.ModuleMap(KEYS, [torch.nn.Linear(4, 4, dtype=torch.float64) for _ in range(3)]),
    "ModuleMap with properties": lambda: nn.ModuleMap(KEYS, [torch.nn.Tanh() for _ in range(3)], PROPERTIES),
    "Linear": lambda: nn.Linear(KEYS, 4, 4, dtype=torch.float64),
    "Linear with properties": lambda: nn.Linear(KEYS, [4, 4, 4], out_properties=PROPERTIES, dtype=torch.float64),
    "EquivariantLinear": lambda: nn.EquivariantLinear(KEYS, 4, 4, dtype=torch.float64),
    "LayerNorm": lambda: nn.LayerNorm(KEYS, 4, dtype=torch.float64),
    "LayerNorm without bias": lambda: nn.LayerNorm(KEYS, [4, 4, 4], bias=False, dtype=torch.float64),
    "LayerNorm without mean": lambda: nn.LayerNorm(KEYS, 4, mean=False, dtype=torch.float64),
    "LayerNorm without weights": lambda: nn.LayerNorm(KEYS, 4, elementwise_affine=False),
    "InvariantLayerNorm": lambda: nn.InvariantLayerNorm(KEYS, [4], dtype=torch.float64),
    "ReLU": lambda: nn.ReLU(KEYS),
    "InvariantReLU": lambda: nn.InvariantReLU(KEYS, PROPERTIES),
    "SiLU": lambda: nn.SiLU(KEYS),
    "InvariantSiLU": lambda: nn.InvariantSiLU(KEYS),
    "Tanh": lambda: nn.Tanh(KEYS),
    "InvariantTanh": lambda: nn.InvariantTanh(KEYS),
    "Sequential": lambda: nn.Sequential(KEYS, nn.Linear(KEYS, 4, 4, dtype=torch.float64), nn.SiLU(KEYS, PROPERTIES)),
    "EquivariantTransformation": transformation,
}


@pytest.fixture(params=MODULES)
def module(request):
    torch.manual_seed(0)
    return MODULES[request.param]()


def test_each_block_goes_through_its_module(module):
    tensor = example()
    result = module(tensor)
    assert result.keys == tensor.keys
    module_map = getattr(module, "module_map", module)
    for i, (block, old) in enumerate(zip(result, tensor, strict=True)):
        torch.testing.assert_close(block.values, module_map.module_list[i](old.values))
        assert block.samples == old.samples and block.components == old.components
        expected = Labels.range("_", 4) if module_map._out_properties is None else PROPERTIES[i]
        assert block.properties == expected


def test_scripted_is_the_same(module):
    scripted = torch.jit.script(module)
    assert mts.equal(scripted(example()), module(example()))
    buffer = io.BytesIO()
    torch.jit.save(scripted, buffer)
    buffer.seek(0)
    loaded = torch.jit.load(buffer)
    assert mts.equal(loaded(example()), module(example()))
    assert loaded.to(torch.float32)(example(dtype=torch.float32))[0].values.dtype == torch.float32


@pytest.mark.parametrize("places", [(), (1,), (2, 0), (2, 1, 0)])
def test_some_keys_in_any_order(module, places):
    whole, some = module(example()), module(example(places))
    scripted = torch.jit.script(module)(example(places))
    assert some.keys == example(places).keys and mts.equal(scripted, some)
    for key, block in some.items():
        torch.testing.assert_close(block.values, whole.block(key).values)


def test_gradients_of_values_and_parameters(module):
    values = [block.values.requires_grad_() for block in example()]

    def run(*values):
        blocks = [
            TensorBlock(v, old.samples, old.components, old.properties) for v, old in zip(values, example(), strict=True)
        ]
        return tuple(block.values for block in module(TensorMap(KEYS, blocks)))

    assert torch.autograd.gradcheck(run, values)
    loss = sum((i + 2) * (value**3).sum() for i, value in enumerate(run(*values)))
    parameters = list(module.parameters())
    for gradient in torch.autograd.grad(loss, parameters) if parameters else []:
        assert gradient.abs().sum() > 0


def test_no_samples(module):
    for block in module(example(n_samples=0)):
        assert block.values.shape[0] == 0 and block.values.shape[2] == 4


def test_state_dict_and_copies(module):
    other = copy.deepcopy(module)
    for parameter in other.parameters():
        torch.nn.init.constant_(parameter, 0.25)
    other.load_state_dict(module.state_dict())
    assert mts.equal(other(example()), module(example()))


def test_dtype_moves(module):
    result = module.to(torch.float32)(example(dtype=torch.float32))
    assert all(block.values.dtype == torch.float32 for block in result)
    assert all(block.device.type == "meta" for block in module.to("meta")(example().to(dtype=torch.float32, device="meta")))


def test_explicit_gradients_are_refused(module):
    with pytest.raises(ValueError, match="remove_gradients"):
        module(example(gradients=True))


def test_unknown_key(module):
    tensor = TensorMap(labels(KEYS.names, [7, 1]), [example()[0].copy()])
    with pytest.raises(KeyError, match="there is no module for the key .*7"):
        module(tensor)
    with pytest.raises(KeyError, match="there is no module for the key"):
        module(TensorMap(labels(["o3_lambda"], [0]), [example()[0].copy()]))
    with pytest.raises(torch.jit.Error, match="there is no module for the key"):
        torch.jit.script(module)(tensor)


def test_names_of_keys_do_not_matter():
    tensor = TensorMap(labels(["a", "b"], [1, 1]), [example()[1].copy()])
    module = nn.Tanh(KEYS)
    assert module(tensor).keys == tensor.keys
    torch.testing.assert_close(module(tensor).block().values, tensor.block().values.tanh())


def test_linear_by_hand():
    module = nn.Linear(labels(["k"], [0]), 2, 1)
    with torch.no_grad():
        module.module_map.module_list[0].weight.copy_(torch.tensor([[2.0, 3.0]]))
        module.module_map.module_list[0].bias.fill_(1.0)
    block = TensorBlock(torch.tensor([[1.0, 10.0]]), Labels.range("s", 1), [], Labels.range("p", 2))
    assert module(TensorMap(labels(["k"], [0]), [block])).block().values.tolist() == [[33.0]]


def test_linear_starts_as_torch_does():
    torch.manual_seed(3)
    module = nn.Linear(KEYS, [4, 5, 6], [1, 2, 3])
    torch.manual_seed(3)
    for i, parameters in enumerate(module.module_map.module_list):
        expected = torch.nn.Linear(4 + i, 1 + i)
        assert torch.equal(parameters.weight, expected.weight) and torch.equal(parameters.bias, expected.bias)


def test_equivariant_modules_keep_rotations():
    rotation, _ = torch.linalg.qr(torch.randn(3, 3, dtype=torch.float64))
    for module in [nn.EquivariantLinear(KEYS, 4, 4, dtype=torch.float64), transformation()]:
        vectors = example()[1]
        turned = TensorBlock(
            torch.einsum("mn,snp->smp", rotation, vectors.values), vectors.samples, vectors.components, vectors.properties
        )
        before, after = (module(TensorMap(labels(KEYS.names, [1, 1]), [b.copy()])).block().values for b in [vectors, turned])
        torch.testing.assert_close(after, torch.einsum("mn,snp->smp", rotation, before))
        assert not torch.allclose(after, before)


def test_transformation_of_zeros_can_be_differentiated():
    values = torch.zeros(2, 3, 4, dtype=torch.float64, requires_grad=True)
    block = TensorBlock(values, Labels.range("s", 2), [Labels.range("m", 3)], Labels.range("n", 4))
    result = transformation()(TensorMap(labels(KEYS.names, [1, 1]), [block])).block().values
    (gradient,) = torch.autograd.grad(result.sum(), values)
    assert torch.isfinite(gradient).all()


def test_layer_norm_by_hand():
    module = nn.LayerNorm(labels(["k"], [0]), 2, eps=0.0)
    block = TensorBlock(torch.tensor([[1.0, 3.0], [7.0, 5.0]]), Labels.range("s", 2), [], Labels.range("p", 2))
    result = module(TensorMap(labels(["k"], [0]), [block])).block().values
    torch.testing.assert_close(result, torch.tensor([[-1.0, 1.0], [1.0, -1.0]]))


def test_relu_in_place():
    tensor = example()
    result = nn.ReLU(KEYS, in_place=True)(tensor)
    assert tensor[0].values.min() == 0 and result[0].values.data_ptr() == tensor[0].values.data_ptr()
    nn.SiLU(KEYS)(tensor), nn.Tanh(KEYS)(tensor)
    assert mts.equal(nn.ReLU(KEYS)(tensor), result)


def test_one_set_of_properties_for_all():
    assert all(block.properties == PROPERTIES[1] for block in nn.ReLU(KEYS, PROPERTIES[1])(example()))


class KeysOfModule(torch.nn.Module):
    def __init__(self, module):
        super().__init__()
        self.module = module

    def forward(self) -> Labels:
        return self.module.in_keys


def test_keys_in_scripted_code():
    assert torch.jit.script(KeysOfModule(nn.ModuleMap.from_module(KEYS, torch.nn.Tanh())))() == KEYS


def test_copies_of_one_module():
    torch.manual_seed(0)
    linear = torch.nn.Linear(4, 4, dtype=torch.float64)
    module = nn.ModuleMap.from_module(KEYS, linear, PROPERTIES)
    assert module.in_keys == KEYS and module.out_properties == PROPERTIES
    assert nn.ModuleMap.from_module(KEYS, linear).out_properties is None
    assert mts.equal(module(example()), nn.ModuleMap(KEYS, 3 * [linear], PROPERTIES)(example()))
    torch.nn.init.zeros_(module.module_list[0].weight)
    assert all(bool((each.weight != 0).all()) for each in [linear, module.module_list[1]])
    with pytest.raises(TypeError, match="'in_keys' must be Labels, got list"):
        nn.ModuleMap.from_module([1], linear)
    with pytest.raises(ValueError, match="for each of the 3 keys, got 2"):
        nn.ModuleMap.from_module(KEYS, linear, PROPERTIES[:2])


def test_sequential_takes_modules_by_key():
    turned = labels(KEYS.names, [2, 1], [0, 1], [1, 1])
    first, last = nn.Linear(turned, 4, 3), nn.Linear(KEYS, 3, 2)
    module = nn.Sequential(KEYS, first, nn.ModuleMap(KEYS, [torch.nn.Tanh() for _ in range(3)]), last)
    tensor = example(dtype=torch.float32)
    assert mts.allclose(module(tensor), last(nn.Tanh(KEYS)(first(tensor))))
    assert isinstance(nn.Sequential(KEYS, module, last.double()).module_map.module_list[0][0], torch.nn.Sequential)


@pytest.mark.parametrize(
    ("make", "error", "message"),
    [
        (lambda: nn.ModuleMap([1], [torch.nn.ReLU()]), TypeError, "'in_keys' must be Labels, got list"),
        (lambda: nn.ModuleMap(KEYS, [torch.nn.ReLU()]), ValueError, "one module for each of the 3 keys, got 1"),
        (lambda: nn.ReLU(KEYS, PROPERTIES[:2]), ValueError, "for each of the 3 keys, got 2"),
        (lambda: nn.ReLU(KEYS, [1, 2, 3]), TypeError, "must be a list of Labels"),
        (lambda: nn.Linear(KEYS, 4), ValueError, "either 'out_features' or 'out_properties' must be given"),
        (lambda: nn.Linear(KEYS, [4, 4], 3), ValueError, "'in_features' must have one number for each of the 3 keys"),
        (lambda: nn.Linear(KEYS, 4, [3]), ValueError, "'out_features' must have one number for each of the 3 keys"),
        (lambda: nn.Linear(KEYS, 4.0, 3), TypeError, "'in_features' must be an integer or a list of integers, got 4.0"),
        (lambda: nn.InvariantLayerNorm(KEYS, [4, 4]), ValueError, "each of the 1 invariant keys, got 2"),
        (lambda: nn.InvariantReLU(labels(["l"], [0])), RuntimeError, "'invariant_keys' must be given.* o3_lambda"),
        (lambda: nn.InvariantReLU(KEYS, invariant_keys=labels(["l"], [0])), RuntimeError, "'l'"),
        (lambda: nn.Sequential(KEYS, torch.nn.ReLU()), TypeError, "got ReLU"),
        (lambda: nn.Sequential(KEYS), ValueError, "one module at least"),
        (lambda: nn.Sequential(KEYS, nn.ReLU(labels(KEYS.names, [0, 1]))), ValueError, "lacks one of its keys"),
        (lambda: nn.EquivariantTransformation([torch.nn.ReLU()], KEYS, 4, 4), ValueError, "of the 3 keys, got 1"),
    ],
)
def test_wrong_arguments(make, error, message):
    with pytest.raises(error, match=message):
        make()


@pytest.mark.parametrize("make", [
    transformation,
    lambda: nn.Sequential(KEYS, nn.EquivariantLinear(KEYS, 4, 4), nn.LayerNorm(KEYS, 4)),
    lambda: nn.Sequential(KEYS, nn.EquivariantLinear(KEYS, 4, 4), nn.InvariantLayerNorm(KEYS, 4)),
    lambda: nn.Sequential(KEYS, nn.EquivariantLinear(KEYS, 4, 4), nn.InvariantLayerNorm(KEYS, 4, mean=False)),
    lambda: nn.Sequential(KEYS, nn.EquivariantLinear(KEYS, 4, 4), nn.InvariantSiLU(KEYS)),
])
def test_one_dtype_under_autocast(make):
    torch.manual_seed(0)
    module = make().float()
    with torch.autocast("cpu", dtype=torch.bfloat16):
        result = module(example(dtype=torch.float32))
    expected = module(example(dtype=torch.float32))
    assert mts.allclose(result.to(torch.float32), expected, rtol=0.05, atol=0.05)
    assert {block.values.dtype for block in result} == {torch.bfloat16}


def test_transformation_needs_components():
    block = TensorBlock(torch.zeros(2, 4).double(), Labels.range("s", 2), [], Labels.range("n", 4))
    with pytest.raises(ValueError, match=r"n_samples, n_components, n_properties\], got .*2, 4"):
        transformation()(TensorMap(labels(KEYS.names, [1, 1]), [block]))


def test_result_of_another_size_than_the_properties():
    with pytest.raises(RuntimeError, match="propert"):
        nn.Linear(KEYS, 4, 3, PROPERTIES)(example(dtype=torch.float32))
