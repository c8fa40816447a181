"""Opening an ``.xlsx`` file: its sheets as cells of text, exactly as stored.

A reader of its own, because it must tell a formula's value from a formula without one,
keep every digit and every escaped character, and read nothing larger than it should: a
file may come from anyone. Formats are looked at only to tell dates from numbers.
Not here: what sheets and cells mean (`optimizer.workbooks.reading`).
"""

from __future__ import annotations

import posixpath
import struct
import zipfile
import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import IO
from xml.parsers import expat

from models.problem import CaseError, Problem
from optimizer.workbooks.cells import Sheet
from optimizer.workbooks.parts import Book, Cells, Fault, Formats, Links, Reader, Strings

#: Largest file that is not taken for a slip.
MOST_BYTES = 64 * 1024 * 1024
#: Most bytes that are unpacked of a file: what is more is a trap or no case.
MOST_UNPACKED = 256 * 1024 * 1024


def open_workbook(path: Path) -> list[Sheet]:
    """The sheets of a workbook in their order.

    Raises `CaseError` for a file that is none, is damaged, protected or far too large.
    """
    try:
        return _Package(path).sheets()
    except Fault as error:
        found, cure = str(error), error.cure
    except OSError as error:
        found, cure = f"it cannot be read: {(error.strerror or str(error)).lower()}", ""
    except (zipfile.BadZipFile, zlib.error, struct.error, EOFError, expat.ExpatError) as error:
        what = " ".join(str(error).split())[:100]
        found, cure = f"the workbook is damaged: {what}", "Open it in Excel and save it again"
    except (KeyError, ValueError, IndexError, NotImplementedError, RuntimeError):
        found, cure = "the workbook is damaged or of an unknown kind", "Save it again as .xlsx"
    raise CaseError([Problem(path.name, found=found, allowed="a workbook (.xlsx)", cure=cure)])


class _Package:
    """The parts of one file."""

    def __init__(self, path: Path) -> None:
        size = path.stat().st_size
        if size > MOST_BYTES:
            raise Fault(f"{size} bytes, where at most {MOST_BYTES} are read")
        _check_kind(path)
        self.left = MOST_UNPACKED
        self.zip = zipfile.ZipFile(path)

    def sheets(self) -> list[Sheet]:
        """Every worksheet; sheets that hold only a chart are left out."""
        with self.zip:
            main = self._related("", "officeDocument")
            if not main:
                raise Fault(_what_it_is(self.zip.namelist()), "Save it as .xlsx")
            book = Book()
            self._parse(main[0], book)
            formats, strings = Formats(), Strings()
            for part in self._related(main[0], "styles"):
                self._parse(part, formats)
            for part in self._related(main[0], "sharedStrings"):
                self._parse(part, strings)
            parts = self._targets(main[0])
            sheets = []
            for name, key in book.sheets:
                kind, part = parts[key]
                if kind == "worksheet":
                    reader = Cells(Sheet(name), strings.texts, formats.dates, book.epoch)
                    self._parse(part, reader)
                    sheets.append(reader.sheet)
            return sheets

    def _targets(self, part: str) -> Mapping[str, tuple[str, str]]:
        """Kind and part of each relationship of a part, by its key."""
        folder, name = posixpath.split(part)
        file = posixpath.join(folder, "_rels", f"{name}.rels")
        links = Links()
        if file in self.zip.namelist():
            self._parse(file, links)
        return {
            key: (kind, posixpath.normpath(posixpath.join("/", folder, target)).lstrip("/"))
            for key, kind, target in links.found
        }

    def _related(self, part: str, kind: str) -> list[str]:
        return [target for found, target in self._targets(part).values() if found == kind]

    def _parse(self, part: str, reader: Reader) -> None:
        with self.zip.open(part) as stream:
            reader.read(_Limited(stream, self))


@dataclass
class _Limited:
    """A stream that ends the reading when too much was unpacked."""

    stream: IO[bytes]
    package: _Package

    def read(self, size: int) -> bytes:
        data = self.stream.read(size)
        self.package.left -= len(data)
        if self.package.left < 0:
            raise Fault(f"unpacked it has more than {MOST_UNPACKED} bytes, too many to read")
        return data


def _check_kind(path: Path) -> None:
    """Refuse what is no zip file, in words that tell what it is."""
    with path.open("rb") as file:
        start = file.read(8)
        if start.startswith(b"\xd0\xcf\x11\xe0"):  # a compound file: Excel before 2007, or locked
            if "EncryptedPackage".encode("utf-16-le") in start + file.read(1 << 20):
                raise Fault("it is protected by a password", "Save it without a password")
            raise Fault("it is a workbook of Excel 97 to 2003", "Save it as .xlsx")
    if not start:
        raise Fault("the file is empty")
    if not start.startswith(b"PK"):
        raise Fault("it is no workbook, whatever its name says", "Save it as .xlsx")


def _what_it_is(names: list[str]) -> str:
    if "content.xml" in names:
        return "it is a document of LibreOffice"
    return "it holds no workbook"
