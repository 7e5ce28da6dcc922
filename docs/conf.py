# SPDX-License-Identifier: BSD-3-Clause
"""Settings of Sphinx. It is run by docs/build.py, which sets the environment and writes the pages that are generated."""

import inspect
import os
import re
import sys
import types
from pathlib import Path

import metatensor.torch
from docutils import nodes
from pygments.lexers.special import TextLexer
from sphinx.util.nodes import make_refnode

sys.path.insert(0, str(Path(__file__).parent))
import parts_of_ase  # noqa: E402

project = "metatensor-torch-cpp"
author = "the authors of metatensor-torch-cpp"
copyright = "BSD 3-clause licence, the LAMMPS pair style GPL-2.0-only"  # noqa: A001
release = version = os.environ["METATENSOR_DOCS_VERSION"]

extensions = ["myst_parser", "sphinx.ext.autodoc", "breathe"]
exclude_patterns = ["requirements.txt", "tutorials/*/*"]
nitpicky = True  # each reference has to lead somewhere, but for the types of others:
nitpick_ignore_regex = [
    ("cpp:.*", ".*"),
    ("py:.*", r"torch\..*|torch|os\..*|_io\..*|typing\..*|.*\.(F|T|C)|.*(PathLike|BinaryIO|Any|Callable)"),
    ("py:.*", r"ase\..*|numpy\..*|ndarray|pathlib\..*|InputError|PropertyNotImplementedError|.*IntoSystem"),
    ("py:.*", r"bool|int|float|str|bytes|list|dict|tuple|None|optional|callable"),
]

myst_enable_extensions = ["deflist", "colon_fence"]
myst_heading_anchors = 4

autodoc_member_order = "groupwise"
autoclass_content = "both"
autodoc_typehints = "signature"
autodoc_typehints_format = "short"
python_use_unqualified_type_names = True
python_maximum_signature_line_length = 220
add_module_names = False
highlight_language = "text"

breathe_projects = {"metatensor": os.environ["METATENSOR_DOCS_XML"]}
breathe_default_project = "metatensor"
breathe_default_members = ("members",)
breathe_show_include = False
cpp_maximum_signature_line_length = 100
cpp_id_attributes = ["METATENSOR_TORCH_EXPORT", "METATOMIC_TORCH_EXPORT"]

html_theme = "furo"
html_title = "metatensor-torch-cpp"
html_static_path = ["static"]
html_css_files = ["pages.css"]
html_copy_source = False
html_show_sphinx = False
html_theme_options = {"navigation_with_keys": True, "sidebar_hide_name": False}


def escape_symbols(app, what, name, obj, options, lines):
    """Docstrings are plain text with ``literals`` and fields: other symbols of reStructuredText stand for themselves."""
    for i, line in enumerate(lines):
        parts = re.split(r"(``.*?``|:py:\w+:`.*?`|\*\*\w+:\*\*)", line)
        lines[i] = "".join(
            part if k % 2 else re.sub(r"([|*])|(\w_)(?=\W|$)", r"\\\1" if "|" in part or "*" in part else r"\g<0>", part)
            for k, part in enumerate(parts)
        )


def shorten_differences(app, doctree):
    """The comparison of two files without its first lines, which name folders of the machine that makes the pages."""
    for block in doctree.findall(nodes.literal_block):
        if block.get("language") == "udiff":
            lines = block.rawsource.splitlines()
            block.rawsource = "\n".join(line for line in lines if not line.startswith(("--- ", "+++ ", "@@ ")))
            block[:] = [nodes.Text(block.rawsource)]


def find_public_name(app, env, node, contnode):
    """Annotations name classes where they are written; the pages have them where they are used from."""
    target = node.get("reftarget", "")
    for module, public in [("metatensor_torch", "metatensor.torch"), ("metatomic.torch", "metatomic.torch")]:
        if node.get("refdomain") == "py" and target.startswith(f"{module}."):
            name = f"{public}.{target.rpartition('.')[2]}"
            objects = env.get_domain("py").objects
            if name in objects:
                return make_refnode(app.builder, node["refdoc"], objects[name].docname, objects[name].node_id, contnode, name)
    return None


def show_static_methods(class_):
    """Those that the extension module calls are objects of its own, which autodoc would take for attributes."""
    for name, value in list(vars(class_).items()):
        if type(value).__name__ == "ScriptFunction":
            shown = types.FunctionType((lambda: None).__code__, {"__name__": class_.__module__}, name)
            shown.__doc__, shown.__qualname__ = value.__doc__, f"{class_.__qualname__}.{name}"
            shown.__signature__ = inspect.signature(value)
            setattr(class_, name, staticmethod(shown))


for class_ in [metatensor.torch.Labels, metatensor.torch.TensorBlock, metatensor.torch.TensorMap]:
    show_static_methods(class_)


parts_of_ase.import_them()


def setup(app):
    app.connect("autodoc-process-docstring", escape_symbols)
    app.connect("doctree-read", shorten_differences)
    app.connect("missing-reference", find_public_name)
    app.add_lexer("lammps", TextLexer)
