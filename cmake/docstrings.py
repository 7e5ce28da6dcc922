# SPDX-License-Identifier: BSD-3-Clause
"""Python files with the comments of C++ headers as docstrings.

usage: docstrings.py INCLUDE_DIRECTORY SOURCE_DIRECTORY OUTPUT_DIRECTORY FILE...

Each FILE, relative to SOURCE_DIRECTORY, is written to the same place in OUTPUT_DIRECTORY. In it, public classes,
functions, methods and attributes without a docstring get the comment of the header with the same name, of the class or
its `Holder` or `Data`. In a docstring that stands there, `{name}` is replaced by such a comment. So the text stands in
one place, the header, and `help()`, editors and Sphinx see it in a usual docstring.
"""

import ast
import re
import sys
import textwrap
from pathlib import Path
from typing import Dict, List, NamedTuple, Optional

from header_comments import comments_of_all


# What has another name in C++, where `union` is a keyword and `dtype` a variable of torch's.
OTHER_NAMES = {
    "union": "set_union",
    "intersection": "set_intersection",
    "difference": "set_difference",
    "dtype": "scalar_type",
    "selected_atoms": "get_selected_atoms",
}
WIDTH = 110


class Edit(NamedTuple):
    """Text that replaces what is between two places (line, column), both from 0."""

    start: tuple
    end: tuple
    text: str


def in_rest(comment: str) -> str:
    """A comment of a header as reStructuredText: names as literals, @param and @throws as fields."""
    text = re.sub(r"(^|\s)Errors:\s+", r"\n\n**Errors:** ", comment)
    text = re.sub(r"(?:^|\n)(?=@(?:param|throws|returns)\b)", "\n\n", text)
    paragraphs = [" ".join(paragraph.split()) for paragraph in re.split(r"\n\s*\n", text.strip())]
    return "\n\n".join(_field(paragraph) for paragraph in paragraphs).replace("`", "``")


def _field(text: str) -> str:
    text = re.sub(r"^@param (\w+) ", r":param \1: ", text)
    text = re.sub(r"^@throws (?:c10::)?(?:Error|(\w+)) ", lambda m: f":raises {m[1] or 'RuntimeError'}: ", text)
    return re.sub(r"^@returns ", ":returns: ", text)


def arranged(text: str, parameters: Optional[List[str]]) -> str:
    """Paragraphs, then the fields: parameters (of those that there are), returned values, errors."""
    text = re.sub(r"\n(?=:\w)", "\n\n", text)
    paragraphs = [" ".join(paragraph.split()) for paragraph in re.split(r"\n\s*\n", text.strip())]
    fields: Dict[str, str] = {}
    rest: List[str] = []
    for paragraph in paragraphs:
        if not re.match(r":\w+.*?:", paragraph):
            rest.append(paragraph if paragraph.endswith((".", ":", "?")) else paragraph + ".")
        elif paragraph.startswith(":raises"):
            fields[paragraph] = paragraph
        else:
            fields[paragraph.split(": ")[0]] = paragraph  # the last one for a parameter counts
    names = [f":param {name}" for name in parameters or []]
    known = [fields.pop(name) for name in names if name in fields]
    others = [field for name, field in fields.items() if not name.startswith(":param") or parameters is None]
    return "\n\n".join([*rest, "\n".join(known + others)]).strip()


def wrapped(text: str, indent: str) -> str:
    lines: List[str] = []
    for line in text.splitlines():
        hanging = indent + ("    " if line.startswith(":") else "")
        lines += textwrap.wrap(
            line, WIDTH, initial_indent=indent, subsequent_indent=hanging, break_long_words=False
        ) or [""]
    return "\n".join(lines)


class Documented:
    """One Python file that gets its docstrings."""

    def __init__(self, source: str, name: str, comments: Dict[str, str]):
        self._lines = source.splitlines()
        self._name = name
        self._comments = comments
        self._edits: List[Edit] = []
        self._visit(ast.parse(source).body, "")

    def _comment(self, qualified: str) -> str:
        class_name, _, member = qualified.rpartition(".")
        names = [member, OTHER_NAMES.get(member, member)]
        if not class_name:
            candidates = [f"{name}{suffix}" for name in names for suffix in ["", "Data", "Holder"]]
        else:
            candidates = [f"{class_name}{suffix}.{name}" for name in names for suffix in ["", "Data", "Holder"]]
        for candidate in candidates:
            if candidate in self._comments:
                return in_rest(self._comments[candidate])
        sys.exit(f"{self._name}: no header has a comment for '{qualified}'")

    def _visit(self, body: List[ast.stmt], class_name: str) -> None:
        for node in body:
            if isinstance(node, (ast.ClassDef, ast.FunctionDef)):
                if node.name.startswith("_") and node.name != "__init__":
                    continue
                self._document(node, f"{class_name}.{node.name}".lstrip("."))
                if isinstance(node, ast.ClassDef):
                    self._visit(node.body, f"{class_name}.{node.name}".lstrip("."))
            elif isinstance(node, ast.AnnAssign) and class_name and isinstance(node.value, ast.Call):
                if ast.unparse(node.value) == "attribute()":
                    text = arranged(self._comment(f"{class_name}.{node.target.id}"), None)
                    start = (node.value.lineno - 1, node.value.col_offset)
                    end = (node.value.end_lineno - 1, node.value.end_col_offset)
                    shown = _literal(text, " " * node.col_offset)  # editors see this one, the package the other
                    self._edits.append(Edit(start, end, f"attribute({text!r})\n{shown}"))

    def _document(self, node: ast.stmt, qualified: str) -> None:
        docstring = ast.get_docstring(node)
        first = node.body[0]
        start, end = (first.lineno - 1, first.col_offset), (first.end_lineno - 1, first.end_col_offset)
        indent = " " * (node.col_offset + 4)
        parameters = [argument.arg for argument in _arguments(node)] if isinstance(node, ast.FunctionDef) else None
        if docstring is None:
            text = _literal(arranged(self._comment(qualified), parameters), indent)
            is_stub = isinstance(first, ast.Expr) and ast.unparse(first) == "..."
            if is_stub:
                self._edits.append(Edit((start[0], len(self._lines[start[0]][: start[1]].rstrip())), end, "\n" + text))
            else:
                decorators = getattr(first, "decorator_list", [])
                line = decorators[0].lineno - 1 if decorators else start[0]
                gap = "\n\n" if isinstance(node, ast.ClassDef) else "\n"
                self._edits.append(Edit((line, 0), (line, 0), text + gap))
        elif re.search(r"\{[A-Za-z_]", docstring):
            text = re.sub(r"\{([A-Za-z_][\w.]*)\}(?=\n|$)", lambda m: self._comment(m[1]), docstring)
            text = re.sub(r"\{([A-Za-z_][\w.]*)\}", lambda m: self._comment(m[1]).removesuffix("."), text)
            self._edits.append(Edit((start[0], 0), end, _literal(arranged(text, parameters), indent)))

    def text(self) -> str:
        lines = list(self._lines)
        for edit in sorted(self._edits, reverse=True):
            (first, left), (last, right) = edit.start, edit.end
            lines[first : last + 1] = [lines[first][:left] + edit.text + lines[last][right:]]
        return "\n".join(lines) + "\n"


def _arguments(function: ast.FunctionDef) -> List[ast.arg]:
    arguments = function.args
    return [*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs]


def _literal(text: str, indent: str) -> str:
    text = wrapped(text, indent)
    prefix = "r" if "\\" in text else ""
    end = "\n" + indent if "\n" in text or text.endswith('"') else ""
    return f'{indent}{prefix}"""{text.lstrip()}{end}"""'


def main(include: Path, source: Path, output: Path, files: List[str]) -> None:
    own = {name: comments_of_all((include / name).rglob("*.hpp")) for name in ["metatensor", "metatomic"]}
    for file in files:
        comments = own["metatensor"] if file.startswith("metatensor") else {**own["metatensor"], **own["metatomic"]}
        text = Documented((source / file).read_text(), file, comments).text()
        compile(text, file, "exec")
        licence, rest = text.split("\n", 1)
        target = output / file
        target.parent.mkdir(parents=True, exist_ok=True)
        target.unlink(missing_ok=True)  # it may be a link to the source
        note = f"# Made by cmake/docstrings.py of {file} and the comments in the C++ headers."
        target.write_text(f"{licence}\n{note}\n{rest}")


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]), Path(sys.argv[3]), sys.argv[4:])
