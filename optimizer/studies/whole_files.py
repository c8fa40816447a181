"""Files that are there whole or not at all, whoever is killed when, and writes at once.

A file is written under another name, which tells who writes it, brought to the disk and
renamed. Not here: what is in the files (see `optimizer.studies.store`).
"""

from __future__ import annotations

import os
import socket
from contextlib import suppress
from pathlib import Path
from secrets import token_hex

#: Ending of a file that is being written.
PARTIAL = ".part"
#: Seconds after which a partial file is a dead one, whoever wrote it.
LONGEST_WRITE = 3600.0


def renew(path: Path, data: bytes) -> None:
    """Write a file, unless it is there as it should be."""
    with suppress(OSError):
        if path.read_bytes() == data:
            return
    write(path, data)


def write(path: Path, data: bytes) -> None:
    """Write a file so that it is there whole or not at all."""
    for last in (False, False, True):
        partial = path.with_name(partial_name(path.name[:16]))
        try:
            with partial.open("xb") as file:
                file.write(data)
                file.flush()
                os.fsync(file.fileno())
            os.replace(partial, path)
            break
        except FileNotFoundError:
            # Somebody took the file for that of a dead process, or removed the store.
            if last:
                raise
            path.parent.mkdir(parents=True, exist_ok=True)
        finally:
            with suppress(OSError):
                partial.unlink()
    _settle(path.parent)


def _settle(folder: Path) -> None:
    """Bring the names in a folder to the disk, where the system knows of that."""
    with suppress(OSError):
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)


def partial_name(name: str) -> str:
    """Name for a file being written; it tells who writes it."""
    return f".{name}.{host()}.{os.getpid()}.{token_hex(8)}{PARTIAL}"


def host() -> str:
    """This machine, as it stands in the names of partial files."""
    return "".join(c if c.isalnum() else "-" for c in socket.gethostname())[:40] or "-"


def dead(path: Path, now: float) -> bool:
    """Whether nobody is writing a partial file any more.

    Taking a live one for dead does no harm: its writer then writes again.
    """
    parts = path.name.split(".")
    if len(parts) == 6 and parts[2] == host() and parts[3].isdigit() and os.name == "posix":
        try:
            os.kill(int(parts[3]), 0)
        except ProcessLookupError:
            return True
        except (OSError, OverflowError):
            pass
    return now - path.stat().st_mtime > LONGEST_WRITE
