"""A store: a folder that keeps answers, so that nothing is ever solved twice.

Each answer is a file named by its question's key (see `optimizer.studies.question`). A
file is written under another name, brought to the disk and renamed, so that it is there
whole or not at all, whoever is killed when; several processes can use one store. What is
read is held against its checksum, its key, the case and the audit; what fails is solved
again and written over. Outdated entries have other keys and are never met.

**Outcomes that a time limit cut short** hang on the machine's mood and not on their
question alone. They are kept all the same, for losing hours of search would be worse, and
are marked by their limit: they answer whoever grants no more time than they had. Who
grants more has the question solved anew, and the answer that had more time stays.

Not here: outcomes cut short by hand; `Store.put` must not be given those.
"""

from __future__ import annotations

import gzip
import hashlib
import os
import socket
import zlib
from contextlib import suppress
from pathlib import Path
from secrets import token_hex

from pydantic import ValidationError

from models.base import Frozen
from models.cells import CellError
from models.problem import CaseError
from optimizer.auditing import audit
from optimizer.outcome import Outcome, OutcomeRecord
from optimizer.runs import FolderError
from optimizer.settings import Settings
from optimizer.studies.question import Question

#: Changes when entries of today can no longer be read.
FORMAT = 1
#: The folder that commands use when none is named.
DEFAULT_STORE = Path(".evplan/store")
#: Ending of a file that is being written.
PARTIAL = ".part"
#: Seconds after which a partial file is a dead one, whoever wrote it.
LONGEST_WRITE = 3600.0


class Entry(Frozen):
    """One file of a store: an outcome, and the question that it answers."""

    format: int = FORMAT
    key: str
    #: The limit that cut the outcome short, in seconds; None: nothing did.
    cut_short: float | None = None
    outcome: OutcomeRecord


class DamagedEntry(ValueError):
    """An entry that does not hold; the message says why."""


class StoreError(FolderError):
    """A store that cannot be written to."""


class Store:
    """Answers kept in a folder, which is made when the first one is put in.

    ``faults`` are the entries found damaged so far, in words.
    """

    def __init__(self, folder: str | Path) -> None:
        self.folder = Path(folder)
        self.faults: list[str] = []
        self._ready = False

    def __repr__(self) -> str:
        return f"<Store in {self.folder}>"

    def path(self, key: str) -> Path:
        """The file of a key."""
        return self.folder / f"{key}.json.gz"

    def __contains__(self, key: object) -> bool:
        """There is an entry under the key; whether it holds is another question."""
        return isinstance(key, str) and self.path(key).is_file()

    def get(self, question: Question, settings: Settings) -> Outcome | None:
        """The kept answer to a question, audited; None when there is none that will do."""
        entry, outcome = self._found(question, settings)
        if entry is None or outcome is None:
            return None
        limit = settings.time_limit
        if entry.cut_short is None:
            return outcome
        enough = limit is not None and limit <= entry.cut_short
        return outcome if enough else None

    def put(self, question: Question, outcome: Outcome) -> None:
        """Keep an answer, unless a better one (see the module) is there.

        Raises `StoreError` when it cannot be written.
        """
        limit = outcome.settings.time_limit
        ended = outcome.status in ("optimal", "infeasible")
        cut_short = None if ended or limit is None else limit
        if cut_short is not None:
            there, _ = self._found(question, outcome.settings)
            if there and (there.cut_short is None or there.cut_short > cut_short):
                return
        key = question.key(outcome.settings)
        entry = Entry(key=key, cut_short=cut_short, outcome=outcome.record)
        self.prepare()
        try:
            _write(self.path(key), _packed(entry))
        except OSError as error:
            raise StoreError(f"{self.folder} cannot be written: {error.strerror}") from None

    def prepare(self) -> None:
        """Make the folder, and clear away what killed processes left.

        Raises `StoreError` when nothing can be written there.
        """
        if self._ready:
            return
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            trial = self.folder / _partial_name("trial")
            trial.write_bytes(b"")
            now = trial.stat().st_mtime  # by the clock of the disk, which may be another's
            trial.unlink(missing_ok=True)
        except OSError as error:
            why = error.strerror or error
            raise StoreError(f"{self.folder} cannot be a store: {why}") from None
        for path in self.folder.glob(f".*{PARTIAL}"):
            with suppress(OSError):
                if _dead(path, now):
                    path.unlink()
        self._ready = True

    def _found(self, question: Question, settings: Settings) -> tuple[Entry | None, Outcome | None]:
        """The entry of a question, read and audited; neither where there is none that holds."""
        key = question.key(settings)
        path = self.path(key)
        try:
            data = path.read_bytes()
        except FileNotFoundError:
            return None, None
        except OSError as error:
            self.faults.append(f"{path.name} cannot be read: {error.strerror}")
            return None, None
        try:
            entry = _unpacked(data)
            if entry.key != key:
                raise DamagedEntry("it is the answer to another question")
            return entry, opened(question, settings, entry.outcome, entry.cut_short)
        except DamagedEntry as error:
            self.faults.append(f"{path.name}: {error}")
            return None, None


def opened(
    question: Question, settings: Settings, record: OutcomeRecord, cut_short: float | None = None
) -> Outcome:
    """The outcome of a question from a record that was stored or sent; it is audited here.

    Raises `DamagedEntry` when it does not hold in the question's case.
    """
    if cut_short is not None:
        settings = settings.model_copy(update={"time_limit": cut_short})
    outcome = Outcome.of(question.case, settings, record)
    if (outcome.plan is not None) != (record.status in ("optimal", "feasible")):
        raise DamagedEntry(f"its status is {record.status}, which does not fit")
    if outcome.plan is None:
        return outcome
    if outcome.proven != all(goal.proven for goal in record.goals):
        raise DamagedEntry("its status is not that of its goals")
    try:
        violations = audit(question.case, outcome.plan.record, record.goals)
    except (LookupError, ValueError) as error:
        raise DamagedEntry(f"its plan is none of the case: {error}") from None
    if violations:
        raise DamagedEntry(f"its plan fails the audit: {violations[0]}")
    return outcome


# Files ---------------------------------------------------------------------------


def _packed(entry: Entry) -> bytes:
    """An entry as the bytes of its file: checksum in the first line, then JSON, compressed."""
    body = entry.model_dump_json().encode("utf-8")
    head = hashlib.sha256(body).hexdigest().encode("ascii")
    return gzip.compress(head + b"\n" + body, mtime=0)


def _unpacked(data: bytes) -> Entry:
    """The entry in the bytes of a file; raises `DamagedEntry`."""
    try:
        head, _, body = gzip.decompress(data).partition(b"\n")
    except (OSError, EOFError, zlib.error):
        raise DamagedEntry("it is damaged or not whole") from None
    if head != hashlib.sha256(body).hexdigest().encode("ascii"):
        raise DamagedEntry("its checksum is another")
    try:
        entry = Entry.model_validate_json(body)
    except (ValidationError, CellError, CaseError):
        raise DamagedEntry("it has another form") from None
    if entry.format != FORMAT:
        raise DamagedEntry(f"it has the format {entry.format}; this version reads {FORMAT}")
    return entry


def _write(path: Path, data: bytes) -> None:
    """Write a file so that it is there whole or not at all."""
    for last in (False, False, True):
        partial = path.with_name(_partial_name(path.name[:16]))
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


def _partial_name(name: str) -> str:
    """Name for a file being written; it tells who writes it."""
    return f".{name}.{_host()}.{os.getpid()}.{token_hex(8)}{PARTIAL}"


def _host() -> str:
    return "".join(c if c.isalnum() else "-" for c in socket.gethostname())[:40] or "-"


def _dead(path: Path, now: float) -> bool:
    """Whether nobody is writing a partial file any more.

    Taking a live one for dead does no harm: its writer then writes again.
    """
    parts = path.name.split(".")
    if len(parts) == 6 and parts[2] == _host() and parts[3].isdigit() and os.name == "posix":
        try:
            os.kill(int(parts[3]), 0)
        except ProcessLookupError:
            return True
        except (OSError, OverflowError):
            pass
    return now - path.stat().st_mtime > LONGEST_WRITE
