# SPDX-License-Identifier: BSD-3-Clause
"""Which shared libraries a shared library asks for: the dynamic section of 64-bit ELF files, see ``man 5 elf``."""

import os
import struct
from typing import List


PT_LOAD, PT_DYNAMIC = 1, 2
DT_NULL, DT_NEEDED, DT_STRTAB = 0, 1, 5


def needed_libraries(path: str) -> List[str]:
    """File names of the libraries that one is linked to; none for a file of another format."""
    with open(path, "rb") as file:
        header = file.read(64)
        if len(header) < 64 or header[:6] != b"\x7fELF\x02\x01":  # 64 bits, little endian
            return []
        (start,) = struct.unpack_from("<Q", header, 32)
        size, count = struct.unpack_from("<HH", header, 54)

        # type, offset in the file, address, size in the file
        segments = []
        for i in range(count):
            file.seek(start + i * size)
            kind, _, offset, address, _, length = struct.unpack("<IIQQQQ", file.read(40))
            segments.append((kind, offset, address, length))

        entries = []
        for kind, offset, _, length in segments:
            if kind == PT_DYNAMIC:
                file.seek(offset)
                entries = list(struct.iter_unpack("<qQ", file.read(length // 16 * 16)))
        if (DT_NULL, 0) in entries:
            entries = entries[: entries.index((DT_NULL, 0))]
        tables = [value for tag, value in entries if tag == DT_STRTAB]
        names = []
        for kind, offset, address, length in segments:
            if kind == PT_LOAD and tables and address <= tables[0] < address + length:
                for name in [value for tag, value in entries if tag == DT_NEEDED]:
                    file.seek(offset + tables[0] - address + name)
                    names.append(os.fsdecode(file.read(4096).split(b"\0")[0]))
        return names
