# SPDX-License-Identifier: BSD-3-Clause
"""Python docstrings out of the comments of C++ headers: usage: docstrings.py OUTPUT.py HEADER...

Writes a module with one dictionary, DOCSTRINGS: for each function or class at namespace level with a `///` comment,
this comment under its name, backquotes doubled. So the text stands in one place, the header.
"""

import pathlib
import re
import sys


COMMENT_AND_DECLARATION = re.compile(r"((?:^///.*\n)+)((?:^(?!//|\n).*\n)+)", re.MULTILINE)
NAME = re.compile(r"(?:class|struct) (?:[A-Z_]+_EXPORT )?(\w+)|(\w+)\(")


def docstrings(header: str) -> dict:
    found = {}
    for comment, declaration in COMMENT_AND_DECLARATION.findall(header):
        name = NAME.search(declaration)
        if name is None:
            continue
        lines = [line[3:].removeprefix(" ") for line in comment.splitlines()]
        found[name[1] or name[2]] = re.sub("`", "``", "\n".join(lines))
    return found


def main(output: str, headers: list) -> None:
    texts = {}
    for header in headers:
        new = docstrings(pathlib.Path(header).read_text())
        twice = sorted(new.keys() & texts.keys())
        if twice:
            sys.exit(f"{header}: {twice} are documented twice")
        texts.update(new)
    rows = "".join(f"    {name!r}: {text!r},\n" for name, text in sorted(texts.items()))
    pathlib.Path(output).write_text(
        "# SPDX-License-Identifier: BSD-3-Clause\n"
        '"""Made from the comments of the C++ headers."""\n\n'
        f"DOCSTRINGS = {{\n{rows}}}\n"
    )


main(sys.argv[1], sys.argv[2:])
