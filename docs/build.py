# SPDX-License-Identifier: BSD-3-Clause
"""Makes the pages of the documentation: usage: docs/build.py OUTPUT_DIRECTORY (see scripts/docs.sh, which calls it).

1. Doxygen reads the comments of the C++ headers (docs/Doxyfile).
2. The lists of the reference pages are written: one section for each family of operations, one for each header.
3. docs/coverage.py checks that each public name is documented.
4. The tutorials run and draw their pictures, beside the pages; tests/docs/test_tutorials.py does that and looks at the results.
5. Sphinx makes HTML; a warning of it, or a link that leads nowhere, is an error, and so is a public name that no page has.
"""

import importlib
import inspect
import os
import pkgutil
import re
import shutil
import subprocess
import sys
import xml.etree.ElementTree as ElementTree
from pathlib import Path

import coverage
import parts_of_ase
from sphinx.util.inventory import InventoryFile

DOCS = Path(__file__).resolve().parent
ROOT = DOCS.parent
INCLUDE = ROOT / "metatensor_torch" / "include"


def run_doxygen(output: Path) -> Path:
    settings = f"{(DOCS / 'Doxyfile').read_text()}\nOUTPUT_DIRECTORY = {output}\n"
    subprocess.run(["doxygen", "-"], input=settings, text=True, cwd=ROOT, check=True)
    for pattern in ["class*.xml", "struct*.xml", "namespace*.xml"]:
        for page in (output / "xml").glob(pattern):
            remove_internal_members(page)
    paths = {page.stem: take_over_namespaces(page) for page in (output / "xml").glob("*_8hpp.xml")}
    index = ElementTree.parse(output / "xml" / "index.xml")
    for compound in index.getroot():
        if compound.get("refid") in paths:
            compound.find("name").text = paths[compound.get("refid")]
    index.write(output / "xml" / "index.xml", encoding="utf-8", xml_declaration=True)
    return output / "xml"


def remove_internal_members(page: Path) -> None:
    """What is not public, or only because other parts of the libraries call it."""
    tree = ElementTree.parse(page)
    compound = tree.getroot()[0]
    for section in compound.findall("sectiondef"):
        if section.get("kind").startswith(("private", "protected")):
            compound.remove(section)
    for section in tree.iter("sectiondef"):
        for member in section.findall("memberdef"):
            text = "".join("".join(part.itertext()) for part in member.findall("briefdescription"))
            text += "".join("".join(part.itertext()) for part in member.findall("detaileddescription"))
            if "for this library itself" in " ".join(text.split()).lower():
                section.remove(member)
    tree.write(page, encoding="utf-8", xml_declaration=True)


def take_over_namespaces(page: Path) -> str:
    """A page lists several headers, each of which would declare the namespace that they share: a header gets what it has in
    namespaces as its own members, under the whole name.

    Returns the path of the header, which becomes its name: there are two misc.hpp.
    """
    tree = ElementTree.parse(page)
    compound = tree.getroot()[0]
    path = compound.find("location").get("file")
    for namespace in compound.findall("innernamespace"):
        compound.remove(namespace)
        members = ElementTree.parse(page.parent / f"{namespace.get('refid')}.xml").getroot()[0]
        for section in members.findall("sectiondef"):
            for member in section.findall("memberdef"):
                name = member.find("name")
                name.text = f"{namespace.text}::{name.text}"
                if member.find("location").get("file") != path:
                    section.remove(member)
            if len(section):
                compound.append(section)
    compound.find("compoundname").text = path
    tree.write(page, encoding="utf-8", xml_declaration=True)
    return path


def title_of(family: str) -> str:
    return family.replace("_", " ").capitalize()


def operations_page() -> str:
    """All operations by the module that they are defined in, first as tables, then with their whole text."""
    import metatensor.torch as package

    families = {}
    for module in pkgutil.iter_modules(package.operations.__path__):
        if not module.name.startswith("_"):
            members = importlib.import_module(f"metatensor_torch.operations.{module.name}")
            names = [name for name in package.operations.__all__ if getattr(members, name, None) is getattr(package, name)]
            families[module.name] = [name for name in names if defined_in(getattr(package, name), members)]
    count = sum(len(names) for names in families.values())
    lines = [
        "# All operations",
        "",
        f"{count} names in {len(families)} families. What holds for all of them stands in [Operations](operations.md).",
        "",
    ]
    for family, names in families.items():
        lines += [f"## {title_of(family)}", "", "| | |", "| --- | --- |"]
        for name in names:
            role = "class" if isinstance(getattr(package, name), type) else "func"
            lines.append(f"| {{py:{role}}}`~metatensor.torch.{name}` | {first_sentence(getattr(package, name))} |")
        lines.append("")
        for name in names:
            directive = "autoclass" if isinstance(getattr(package, name), type) else "autofunction"
            lines += ["```{eval-rst}", f".. {directive}:: metatensor.torch.{name}", "```", ""]
    return "\n".join(lines)


def defined_in(value, module) -> bool:
    return getattr(value, "__module__", "") == module.__name__


def first_sentence(value) -> str:
    text = " ".join((value.__doc__ or "").split("\n\n")[0].split())
    sentence = re.split(r"(?<=[^.]\.) (?=[A-Z`])", text)[0]
    return sentence.replace("``", "`").replace("|", "\\|")


def headers_page(title: str, text: str, headers: list) -> str:
    """In reStructuredText, as Breathe's directives do not all work inside of Markdown."""
    lines = [title, "=" * len(title), "", text, ""]
    for header in headers:
        lines += [f"``{header}``", "-" * (len(header) + 4), "", f".. doxygenfile:: {header}", ""]
    return "\n".join(lines)


def write_pages(source: Path) -> None:
    (source / "all-operations.md").write_text(operations_page())
    operations = sorted(path.name for path in (INCLUDE / "metatensor/torch/operations").glob("*.hpp"))
    pages = {
        "cpp-data.rst": ("C++: data types and files", "``#include <metatensor/torch.hpp>``", [
            *(f"metatensor/torch/{name}.hpp" for name in ["labels", "block", "tensor", "serialization", "module", "misc"]),
            "metatensor.hpp",
        ]),
        "cpp-operations.rst": ("C++: operations", "``#include <metatensor/torch/operations.hpp>``, which ``metatensor/torch.hpp`` "
            "includes. What holds for all of them stands in :doc:`operations`.",
            [f"metatensor/torch/operations/{name}" for name in operations]),
        "cpp-atomistic.rst": ("C++: atomistic models", "``#include <metatomic/torch.hpp>``", [
            f"metatomic/torch/{name}.hpp" for name in ["system", "model", "evaluator", "evaluation", "quantities", "units", "misc"]
        ]),
    }
    for name, (title, text, headers) in pages.items():
        (source / name).write_text(headers_page(title, text, headers))
    changes = (ROOT / "CHANGELOG.md").read_text().replace("(docs/file-formats.md)", "([file formats](file-formats.md))")
    (source / "changelog.md").write_text(changes)


def run_tutorials(folder: Path) -> None:
    command = [sys.executable, "-B", "-m", "pytest", "-p", "no:cacheprovider", "-q", ROOT / "tests/docs/test_tutorials.py"]
    subprocess.run(command, env={**os.environ, "METATENSOR_TUTORIALS": str(folder)}, check=True)


def check_that_pages_have_all_names(html: Path, xml: Path) -> None:
    with open(html / "objects.inv", "rb") as file:
        inventory = InventoryFile.load(file, "", lambda base, path: path)
    there = {name for entries in inventory.values() for name in entries}
    expected = {entry.name for entry in coverage.cpp_names(xml)}
    parts_of_ase.import_them()
    for module_name in coverage.PYTHON_MODULES:
        if module_name != "metatensor.torch.learn":  # whose names are those of learn.nn and learn.data
            module = importlib.import_module(module_name)
            names = [name for name in module.__all__ if not inspect.ismodule(getattr(module, name))]
            expected.update(f"{module_name}.{name}" for name in names)
    if expected - there:
        sys.exit("\n  ".join(["these names are on no page:", *sorted(expected - there)]))


def main() -> None:
    output = Path(sys.argv[1]).resolve()
    source = output / "source"
    shutil.rmtree(source, ignore_errors=True)
    shutil.copytree(DOCS, source)
    xml = run_doxygen(output / "doxygen")
    write_pages(source)
    subprocess.run([sys.executable, DOCS / "coverage.py", xml], check=True)
    run_tutorials(source / "tutorials")
    version = re.search(r"project\(metatensor_torch_cpp VERSION ([0-9.]+)", (ROOT / "CMakeLists.txt").read_text())[1]
    command = [sys.executable, "-m", "sphinx", "-E", "-W", "--keep-going", "-q", "-b", "html", source, output / "html"]
    environment = {**os.environ, "METATENSOR_DOCS_VERSION": version, "METATENSOR_DOCS_XML": str(xml)}
    subprocess.run([str(part) for part in command], env=environment, check=True)
    check_that_pages_have_all_names(output / "html", xml)
    print(f"the pages start with {output / 'html' / 'index.html'}")


if __name__ == "__main__":
    try:
        main()
    except subprocess.CalledProcessError as error:
        sys.exit(f"this failed: {' '.join(map(str, error.cmd))}")
