# SPDX-License-Identifier: GPL-2.0
"""Is a file the memory of a kernel that crashed, as a crash kernel saved it?"""

import mmap
import struct

HEADER = struct.Struct('<4sBB10xHHIQQQIHHH')  # up to the number of program headers
PROGRAM = struct.Struct('<IIQQQQQQ')
ET_CORE, EM_X86_64, PT_LOAD, PT_NOTE = 4, 62, 1, 4
CLASS_64, LITTLE_ENDIAN = 2, 1


def programs(core):
    """(type, offset, size) of each program header, or why there are none."""
    magic, bits, order, kind, machine, _, _, table, _, _, _, size, count = HEADER.unpack_from(core)
    if (magic, bits, order) != (b'\x7fELF', CLASS_64, LITTLE_ENDIAN):
        return 'no ELF header'
    if (kind, machine, size) != (ET_CORE, EM_X86_64, PROGRAM.size):
        return f'no core of this machine: type {kind}, machine {machine}'
    if table + count * size > len(core):
        return 'program headers are cut off'
    return [(fields[0], fields[2], fields[5])
            for fields in PROGRAM.iter_unpack(core[table:table + count * size])]


def text_in(core, text, chosen):
    return any(core.find(text, offset, offset + size) >= 0 for _, offset, size in chosen)


def trouble(path, memory, text):
    """Why the file is not the memory, in bytes, of a kernel that said this text; or None."""
    with open(path, 'rb') as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as core:
        found = programs(core)
        if isinstance(found, str):
            return found
        loads = [program for program in found if program[0] == PT_LOAD]
        notes = [program for program in found if program[0] == PT_NOTE]
        total = sum(size for _, _, size in loads)
        if any(offset + size > len(core) for _, offset, size in found):
            return 'memory is cut off'
        if not memory // 2 < total <= memory:
            return f'{total >> 20} MiB of memory, of {memory >> 20}'
        if not text_in(core, b'VMCOREINFO', notes) or not text_in(core, b'OSRELEASE=', notes):
            return 'no note of the kernel'
        if not text_in(core, text.encode(), loads):
            return f'nowhere "{text}"'
    return None
