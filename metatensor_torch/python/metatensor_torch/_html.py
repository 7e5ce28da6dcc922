# SPDX-License-Identifier: BSD-3-Clause
"""What notebooks show for labels, blocks and maps: small tables, with details to be opened."""

from html import escape
from typing import Iterable, List, Sequence

import torch


MAX_ENTRIES = 10  # of labels, or blocks of a map, that are shown
_STYLE = 'style="margin: 0.2em 0 0.2em 1em"'
_TABLE_STYLE = 'style="margin: 0.2em 0 0.2em 1em; text-align: right; border-spacing: 0.8em 0"'


def labels_html(labels) -> str:
    """The first entries as a table, under the number of all."""
    summary = f"{_bold('Labels')} with {_count(len(labels), 'entry', 'entries')}{_elsewhere(labels.device)}"
    return f"<div>{summary}{_table(labels.names, _first_rows(labels), len(labels))}</div>"


def block_html(block, title: str = "TensorBlock") -> str:
    """Shape, labels of each axis, gradients."""
    axes = [("samples", block.samples), *[("components", one) for one in block.components]]
    axes.append(("properties", block.properties))
    details = "".join(_axis(name, labels) for name, labels in axes)
    for parameter, gradient in block.gradients():
        details += block_html(gradient, f"gradient for {parameter}")
    dtype = str(block.values.dtype).removeprefix("torch.")
    summary = f"{_bold(title)} with shape {_shape(block)}, {dtype}{_elsewhere(block.device)}"
    return _details(summary, details)


def map_html(tensor) -> str:
    """A row for each block: its key, and the block itself to be opened."""
    keys = tensor.keys
    blocks = [block_html(tensor.block_by_id(i)) for i in range(min(len(tensor), MAX_ENTRIES))]
    cells = [f'<div style="text-align: left">{block}</div>' for block in blocks]
    rows = [[*row, cell] for row, cell in zip(_first_rows(keys), cells)]
    summary = f"{_bold('TensorMap')} with {_count(len(tensor), 'block', 'blocks')}{_elsewhere(tensor.device)}"
    table = _table([*keys.names, ""], rows, len(tensor))
    info = "".join(f"<div {_STYLE}>{escape(key)}: {escape(text)}</div>" for key, text in sorted(tensor.info().items()))
    return f"<div>{summary}{info}{table}</div>"


def _first_rows(labels) -> List[List[str]]:
    """Table cells of the first entries; of labels without data (on the device "meta") there is nothing to show."""
    if labels.device.type == "meta":
        return []
    return [[str(number) for number in row] for row in labels.values[:MAX_ENTRIES].tolist()]


def _axis(name: str, labels) -> str:
    names = ", ".join(map(escape, labels.names))
    summary = f"{name}: {names} ({_count(len(labels), 'entry', 'entries')})"
    return _details(summary, _table(labels.names, _first_rows(labels), len(labels)))


def _table(header: Sequence[str], rows: Iterable[Sequence[str]], n_all: int) -> str:
    """Table with escaped header; the cells are HTML already."""
    head = "".join(f"<th>{escape(name)}</th>" for name in header)
    body = "".join("<tr>" + "".join(f"<td>{cell}</td>" for cell in row) + "</tr>" for row in rows)
    more = f"<div {_STYLE}>… {n_all - MAX_ENTRIES} more</div>" if n_all > MAX_ENTRIES else ""
    return f"<table {_TABLE_STYLE}><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>{more}"


def _details(summary: str, content: str) -> str:
    return f"<details {_STYLE}><summary>{summary}</summary>{content}</details>"


def _shape(block) -> str:
    return "(" + ", ".join(map(str, block.shape)) + ")"


def _bold(text: str) -> str:
    return f"<b>{escape(text)}</b>"


def _count(number: int, one: str, several: str) -> str:
    return f"{number} {one if number == 1 else several}"


def _elsewhere(device: torch.device) -> str:
    return "" if device.type == "cpu" else f" on {escape(str(device))}"
