# SPDX-License-Identifier: BSD-3-Clause
"""The `///` comments of C++ headers, by the names of what they describe."""

import re
from pathlib import Path
from typing import Dict, Iterator, NamedTuple


class Comment(NamedTuple):
    name: str  # "Class.member", "Class.__init__" for constructors, "Class", or "function"
    text: str


_CLASS = re.compile(r"(?:class|struct) (?:[A-Z_]+_EXPORT )?(\w+)")
_FUNCTION = re.compile(r"(operator\S+?|\w+)\(")
_VARIABLE = re.compile(r"(\w+)(?: = [^;]*)?;")


def comments_of(header: Path) -> Iterator[Comment]:
    """All comments in a header in which classes start in the first column, as clang-format puts them."""
    lines = header.read_text().splitlines()
    class_name = ""
    number = 0
    while number < len(lines):
        line = lines[number]
        if line.startswith("};"):
            class_name = ""
        elif not line.lstrip().startswith("///"):
            found = _CLASS.match(line)
            if found and re.match(r"[^;]*\{", " ".join(lines[number : number + 4])):
                class_name = found[1]
        else:
            text = []
            while lines[number].lstrip().startswith("///"):
                text.append(lines[number].lstrip()[3:].removeprefix(" "))
                number += 1
            name = _declared_name(" ".join(lines[number : number + 8]), class_name)
            if name:
                yield Comment(name, "\n".join(text))
            continue
        number += 1


def _declared_name(declaration: str, class_name: str) -> str:
    declaration = re.sub(r"\[\[.*?\]\]", "", declaration).strip()
    found = _CLASS.match(declaration)
    if found:
        is_forward = re.match(r"[^{;]*;", declaration)
        return "" if is_forward else found[1]
    if declaration.startswith(("using ", "enum ", "namespace ")):
        return ""
    head = declaration.split(";")[0] + ";"
    found = _FUNCTION.search(head) or _VARIABLE.search(head)
    if not found:
        return ""
    name = "__init__" if found[1] == class_name else found[1]
    return f"{class_name}.{name}" if class_name else name


def comments_of_all(headers: Iterator[Path]) -> Dict[str, str]:
    """Comments by name. Of overloads, the one that has the longest comment speaks for all."""
    texts: Dict[str, str] = {}
    for header in sorted(headers):
        for name, text in comments_of(header):
            if len(text) > len(texts.get(name, "")):
                texts[name] = text
    return texts
