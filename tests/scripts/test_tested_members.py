# SPDX-License-Identifier: BSD-3-Clause
"""Every member of the data types occurs in a test of C++ and in one of Python."""

import pathlib
import re


TESTS = pathlib.Path(__file__).parents[1]
MEMBER = re.compile(r"metatensor\.(Labels|LabelsEntry|TensorBlock|TensorMap)\.(\w+)\(")
IN_PYTHON = {
    "__contains__": r" in ",
    "__eq__": r"==",
    "__getitem__": r"\[",
    "__getstate__": r"pickle\.dumps|deepcopy",
    "__len__": r"\blen\(",
    "__ne__": r"!=",
    "__repr__": r"\brepr\(",
    "__setstate__": r"pickle\.loads|deepcopy",
    "__str__": r"\bstr\(",
}
IN_CPP = {
    "__contains__": r"\bcontains\(",
    "__eq__": r"\bEXPECT_EQ\(\*",
    "__getitem__": r"\[",
    "__getstate__": r"\bsave_buffer\(",
    "__len__": r"\b(count|size)\(",
    "__ne__": r"\bEXPECT_NE\(\*",
    "__repr__": r"\b(repr|str)\(",
    "__setstate__": r"\bload_\w*buffer\(",
    "__str__": r"\b(str|print)\(",
    "difference": r"\bset_difference\(",
    "intersection": r"\bset_intersection\(",
    "union": r"\bset_union\(",
}


def members():
    """(class, name) of all that TorchScript knows, properties without their suffix"""
    found = MEMBER.findall((TESTS / "python/interface.txt").read_text())
    return sorted({(owner, re.sub("_[gs]etter$", "", name)) for owner, name in found})


def text_of(folders, suffix):
    return "\n".join(path.read_text() for folder in folders for path in (TESTS / folder).rglob("*" + suffix))


def test_each_member_is_in_a_test():
    python, cpp = text_of(["python", "differential"], ".py"), text_of(["data", "serialization"], ".cpp")
    missing = []
    assert len(members()) > 80
    for owner, name in members():
        if not re.search(rf"\b{owner}\(" if name == "__init__" else IN_PYTHON.get(name, rf"\.{name}\b"), python):
            missing.append(f"{owner}.{name} in tests/python, tests/differential")
        if not re.search(rf"\b{owner}Holder\b" if name == "__init__" else IN_CPP.get(name, rf"\b{name}\("), cpp):
            missing.append(f"{owner}.{name} in tests/data, tests/serialization")
    assert not missing, "not tested:\n" + "\n".join(missing)
