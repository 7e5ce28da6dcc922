# SPDX-License-Identifier: BSD-3-Clause
"""One call, or some, of each operation: what test_conformance.py runs in all the ways there are."""

from typing import List

from example import Example
from examples_arithmetic import arithmetic_examples, linear_algebra_examples
from examples_comparison import comparison_examples
from examples_creation import creation_examples, storage_examples
from examples_metadata import block_examples, dimension_examples, join_examples, metadata_examples
from examples_rows import reduction_examples, selection_examples, sort_examples


def check_examples() -> List[Example]:
    return [Example("checks_enabled", lambda data: {}, differentiable=False)]


EXAMPLES = [
    *arithmetic_examples(),
    *check_examples(),
    *comparison_examples(),
    *creation_examples(),
    *linear_algebra_examples(),
    *reduction_examples(),
    *selection_examples(),
    *sort_examples(),
    *storage_examples(),
    *block_examples(),
    *dimension_examples(),
    *join_examples(),
    *metadata_examples(),
]
