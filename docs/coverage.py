# SPDX-License-Identifier: BSD-3-Clause
"""Whether each public name of C++ and Python is documented: its meaning, all of its arguments, its errors.

usage: coverage.py DOXYGEN_XML_DIRECTORY

An argument is documented if the text names it, as `name` in C++ and ``name`` in Python, or in a field. Errors have to be
said wherever an argument can be wrong: not for flags, and not for an only argument that is labels, a block, a map or the
like. "The same ..." points to the overload before, "see `x`", "the same as `x`" and "as for `x`" to another function,
whose text counts too. Fails with a list of what is missing.
"""

import importlib
import inspect
import re
import sys
import xml.etree.ElementTree as ElementTree
from pathlib import Path
from typing import Dict, Iterator, List, NamedTuple, Set

import parts_of_ase

CPP_NAMESPACES = {"metatensor", "metatensor_torch", "metatomic_torch"}
PYTHON_MODULES = [
    "metatensor.torch",
    "metatensor.torch.learn",
    "metatensor.torch.learn.nn",
    "metatensor.torch.learn.data",
    "metatomic.torch",
    "metatomic.torch.ase_calculator",
    "metatomic.torch.dftd3",
    "metatomic.torch.heat_flux",
    "metatomic.torch.o3",
    "metatomic.torch.weighted_sum",
]

# Types of which every value is a good argument, if it is the only one.
HARMLESS = re.compile(r"\b(Labels|LabelsEntry|TensorBlock|TensorMap|System|LabelsHolder|LabelsEntryHolder)\b|Data\b")
ONLY_FLAG = re.compile(r"(const )?bool&?|int indent|int64_t")
# Functions that can not go wrong whatever their arguments are: they print, compare, or store a text.
NEVER_FAIL = {"print", "set_info", "get_info", "has_gradient", "add_requestor", "set_per_atom", "dtype_name", "equal"}
NEVER_FAIL |= {"equal_block", "operator==", "operator!=", "Module", "with_lengths_scaled", "remove_gradients"}
NEVER_FAIL |= {"remove_gradients_block"}
REFERENCE = re.compile(
    r"(?:[Ss]ee|[Tt]he same as|[Aa]s (?:for|in)|[Tt]hose of|unless|as in) (?::py:\w+:)?`{1,2}([\w:.]+)`", re.ASCII
)


class Documented(NamedTuple):
    name: str
    text: str
    arguments: Dict[str, str]  # names and types
    short_name: str  # under which texts that refer to it find it


def cpp_names(xml: Path) -> Iterator[Documented]:
    for compound in ElementTree.parse(xml / "index.xml").getroot():
        scope = compound.findtext("name", "")
        if compound.get("kind") not in ["class", "struct", "namespace"] or scope.split("::")[0] not in CPP_NAMESPACES:
            continue
        if "details" in scope.split("::"):
            continue
        definition = ElementTree.parse(xml / f"{compound.get('refid')}.xml").getroot()[0]
        if compound.get("kind") != "namespace":
            yield Documented(scope, _cpp_text(definition), {}, scope)
        for member in definition.iter("memberdef"):
            if member.get("prot") != "public" or member.get("kind") == "friend":
                continue
            name = member.findtext("name", "")
            if "for this library itself" in _cpp_text(member).lower() or name.startswith("~"):
                continue
            arguments = {}
            for parameter in member.findall("param"):
                argument = parameter.findtext("declname")
                if argument and argument != "self":
                    arguments[argument] = "".join(parameter.find("type").itertext())
            yield Documented(f"{scope}::{name}", _cpp_text(member), arguments, name)


def _cpp_text(element: ElementTree.Element) -> str:
    """Text of a description, with names in backquotes."""

    def text_of(node: ElementTree.Element) -> str:
        inner = (node.text or "") + "".join(text_of(child) for child in node)
        if node.tag in ["computeroutput", "parametername"]:
            inner = f"`{inner}`"
        if node.tag == "simplesect" and node.get("kind") in ["exception"]:
            inner = f"Error {inner}"
        if node.tag == "parameterlist" and node.get("kind") == "exception":
            inner = f"Error {inner}"
        return inner + (node.tail or "")

    parts = [element.find(tag) for tag in ["briefdescription", "detaileddescription"]]
    return " ".join(" ".join(text_of(part) for part in parts if part is not None).split())


def python_names(module_name: str) -> Iterator[Documented]:
    module = importlib.import_module(module_name)
    yield Documented(module_name, module.__doc__ or "", {}, module_name)
    for name in module.__all__:
        value = getattr(module, name)
        if inspect.ismodule(value):
            yield Documented(f"{module_name}.{name}", value.__doc__ or "", {}, name)
        elif inspect.isclass(value):
            yield from _python_class(f"{module_name}.{name}", value)
        else:
            yield Documented(f"{module_name}.{name}", inspect.getdoc(value) or "", _arguments(value), name)


def _python_class(name: str, value: type) -> Iterator[Documented]:
    yield Documented(name, value.__doc__ or "", {}, name)
    for member, item in vars(value).items():
        if member.startswith("_") and member != "__init__":
            continue
        function = item.__func__ if isinstance(item, staticmethod) else item
        arguments = _arguments(function) if callable(function) else {}
        # the arguments of a constructor may stand in the text of the class
        text = value.__doc__ if member == "__init__" and not item.__doc__ else inspect.getdoc(item)
        yield Documented(f"{name}.{member}", text or "", arguments, member)


def _arguments(function) -> Dict[str, str]:
    try:
        parameters = inspect.signature(function).parameters.values()
    except (TypeError, ValueError):
        return {}
    named = [parameter for parameter in parameters if parameter.kind is not parameter.VAR_POSITIONAL]
    return {parameter.name: str(parameter.annotation) for parameter in named if parameter.name != "self"}


def missing(entries: List[Documented], known: List[Documented]) -> Iterator[str]:
    """What the texts of ``entries`` lack; they may refer to those of all ``known`` ones."""
    texts: Dict[str, str] = {}
    for entry in known:
        texts[entry.short_name] = texts.get(entry.short_name, "") + " " + entry.text
    for entry in entries:
        if not entry.text.strip():
            yield f"{entry.name}: no meaning"
            continue
        text = _with_references(entry, texts)
        quoted = " ".join(re.findall(r"`+([^`]+)`", text) + re.findall(r":param (\w+):", text))
        names = set(re.findall(r"\w+", quoted))
        for argument in entry.arguments:
            if argument not in names and argument.removesuffix("_name") not in names:
                yield f"{entry.name}: no meaning of the argument `{argument}`"
        if _can_fail(entry) and not re.search(r"Error|:raises", text):
            yield f"{entry.name}: no errors"


def _with_references(entry: Documented, texts: Dict[str, str]) -> str:
    text = " ".join(entry.text.split())
    if re.match(r"The same\b", text):
        text += texts[entry.short_name]
    seen: Set[str] = set()
    while found := [name for name in map(_last_name, REFERENCE.findall(text)) if name in texts and name not in seen]:
        seen.update(found)
        text += "".join(texts[name] for name in found)
    return text


def _last_name(name: str) -> str:
    return re.split(r"::|\.", name)[-1]


def _can_fail(entry: Documented) -> bool:
    if _last_name(entry.name) in NEVER_FAIL:
        return False
    kinds = [kind for kind in entry.arguments.values() if not ONLY_FLAG.search(kind)]
    return len(kinds) > 1 or any(not HARMLESS.search(kind) for kind in kinds)


def main() -> None:
    parts_of_ase.import_them()
    groups = {"C++": list(cpp_names(Path(sys.argv[1])))}
    for module_name in PYTHON_MODULES:
        groups[module_name] = list(python_names(module_name))
    of_python = [entry for group, entries in groups.items() if group != "C++" for entry in entries]
    failures = []
    for group, entries in groups.items():
        gaps = list(missing(entries, entries if group == "C++" else of_python))
        incomplete = {gap.split(": ")[0] for gap in gaps}
        print(f"{group}: {len(entries) - len(incomplete)} of {len(entries)} public names are documented")
        failures += gaps
    if failures:
        sys.exit("\n".join(["not documented:", *(f"  {failure}" for failure in failures)]))


if __name__ == "__main__":
    main()
