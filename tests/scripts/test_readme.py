# SPDX-License-Identifier: BSD-3-Clause
"""The Python code in the README runs. PYTHONPATH is that of scripts/test.sh."""

import os
import pathlib
import re
import subprocess
import sys


ROOT = pathlib.Path(__file__).parents[2]


def test_python_code(tmp_path):
    (code,) = re.findall(r"```python\n(.*?)```", (ROOT / "README.md").read_text(), flags=re.DOTALL)
    path = f"{ROOT / 'examples' / 'python'}:{os.environ['PYTHONPATH']}"
    result = subprocess.run(
        [sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True, env={**os.environ, "PYTHONPATH": path}
    )
    assert result.returncode == 0, result.stderr
    assert (tmp_path / "model.pt").stat().st_size > 0
