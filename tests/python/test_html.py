# SPDX-License-Identifier: BSD-3-Clause
"""What notebooks show: well-formed HTML with what a user looks for, of bounded size."""

import html.parser
from typing import List

import pytest
import torch

from metatensor.torch import Labels, TensorBlock, TensorMap


pytestmark = pytest.mark.skipif(not isinstance(Labels, type), reason="built without the extension module")


class Page(html.parser.HTMLParser):
    """Text of each element, and a check that all are closed in order."""

    def __init__(self, text: str):
        super().__init__()
        self.open: List[str] = []
        self.texts: List[tuple] = []
        self.feed(text)
        assert self.open == []

    def handle_starttag(self, tag, attributes):
        self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        self.texts.append((self.open[-1], data))

    def all(self, tag: str) -> List[str]:
        return [text for element, text in self.texts if element == tag]


def example_block() -> TensorBlock:
    samples = Labels(["system", "atom"], torch.tensor([[0, 5], [3, -7]]))
    block = TensorBlock(torch.zeros(2, 3, 1), samples, [Labels.range("xyz", 3)], Labels.range("n", 1))
    gradient_samples = Labels(["sample", "other_atom"], torch.tensor([[1, 8]]))
    block.add_gradient("positions", TensorBlock(torch.zeros(1, 3, 1), gradient_samples, block.components, block.properties))
    return block


def test_labels():
    page = Page(Labels(["a", "b"], torch.tensor([[1, 2], [3, -4]]))._repr_html_())
    assert page.texts[:2] == [("b", "Labels"), ("div", " with 2 entries")]
    assert page.all("th") == ["a", "b"]
    assert page.all("td") == ["1", "2", "3", "-4"]


def test_long_labels_are_cut():
    page = Page(Labels.range("a", 100_000)._repr_html_())
    assert page.all("td") == [*map(str, range(10))]
    assert page.all("div")[-1] == "… 99990 more"


def test_block():
    page = Page(example_block()._repr_html_())
    assert page.all("b") == ["TensorBlock", "gradient for positions"]
    assert page.all("summary") == [
        *[" with shape (2, 3, 1), float32", "samples: system, atom (2 entries)", "components: xyz (3 entries)"],
        *["properties: n (1 entry)", " with shape (1, 3, 1), float32", "samples: sample, other_atom (1 entry)"],
        *["components: xyz (3 entries)", "properties: n (1 entry)"],
    ]
    assert page.all("td")[:4] == ["0", "5", "3", "-7"]


def test_map():
    keys = Labels(["l", "z"], torch.tensor([[0, 6], [1, 8]]))
    tensor = TensorMap(keys, [example_block(), example_block()])
    tensor.set_info("name", "<b>&\"quoted\"</b>")
    text = tensor._repr_html_()
    assert "<b>&" not in text
    page = Page(text)
    assert page.texts[1] == ("div", " with 2 blocks")
    assert 'name: <b>&"quoted"</b>' in "".join(page.all("div"))
    assert page.all("th")[:2] == ["l", "z"] and page.all("td")[:2] == ["0", "6"]
    assert page.all("b").count("TensorBlock") == 2


def test_map_with_many_blocks_is_cut():
    labels = Labels.range("n", 1)
    blocks = [TensorBlock(torch.zeros(1, 1), labels, [], labels) for _ in range(1000)]
    text = TensorMap(Labels.range("key", 1000), blocks)._repr_html_()
    assert "… 990 more" in Page(text).all("div")
    assert len(text) < 20_000


def test_parameters_are_escaped():
    block = example_block()
    gradient = block.gradient("positions").copy()
    block.add_gradient("<script>", gradient)
    assert "<script>" not in block._repr_html_()
    assert "gradient for <script>" in Page(block._repr_html_()).all("b")


@pytest.mark.parametrize("tensor", [TensorMap(Labels.empty("key"), []), Labels.empty(["a", "b"])])
def test_nothing(tensor):
    assert Page(tensor._repr_html_()).texts[1][1].startswith(" with 0 ")


def test_device_is_named():
    assert "on meta" in Page(example_block().to("meta")._repr_html_()).all("summary")[0]
    assert "on meta" in Page(Labels.range("a", 3).to("meta")._repr_html_()).texts[1][1]
