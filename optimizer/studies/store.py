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

**Lessons** (`optimizer.studies.question.Lesson`) lie beside the answers of questions that
teach, in files of their own that are written before those. So whoever is killed when, the
lesson is there when the answer is; if it is damaged, the question is solved again.

Not here: outcomes cut short by hand; `Store.put` must not be given those.
"""

from __future__ import annotations

import gzip
import hashlib
import zlib
from contextlib import suppress
from pathlib import Path
from typing import Any, TypeVar

from pydantic import ValidationError

from models.base import Frozen
from models.case import Case
from models.cells import CellError
from models.problem import CaseError
from optimizer.auditing import audit
from optimizer.outcome import Outcome, OutcomeRecord
from optimizer.runs import FolderError
from optimizer.settings import Settings
from optimizer.studies.question import Lesson, Question
from optimizer.studies.whole_files import PARTIAL, dead, partial_name, renew, write

#: Changes when entries of today can no longer be read.
FORMAT = 1
#: The folder that commands use when none is named.
DEFAULT_STORE = Path(".evplan/store")


class Entry(Frozen):
    """One file of a store: an outcome, and the question that it answers."""

    format: int = FORMAT
    key: str
    #: The limit that cut the outcome short, in seconds; None: nothing did.
    cut_short: float | None = None
    outcome: OutcomeRecord


class LessonEntry(Frozen):
    """One file of a store: what the solve of a question taught, as plain data."""

    format: int = FORMAT
    key: str
    knowledge: dict[str, Any]


Kind = TypeVar("Kind", Entry, LessonEntry)


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

    def lesson_path(self, key: str) -> Path:
        """The file of the lesson of a key."""
        return self.folder / f"{key}.lesson.gz"

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

    def taught(
        self, question: Question, settings: Settings
    ) -> tuple[Outcome | None, Lesson | None]:
        """The kept answer to a question and its lesson, as far as they are there.

        Where a proven answer lacks its lesson, the question has to be solved again.
        """
        outcome = self.get(question, settings)
        if outcome is None or not outcome.proven:
            return outcome, None
        return outcome, self._lesson(question, settings)

    def _lesson(self, question: Question, settings: Settings) -> Lesson | None:
        """The kept lesson of a question; None when there is none that holds."""
        key = question.key(settings)
        try:
            entry = self._read(self.lesson_path(key), key, LessonEntry)
            return None if entry is None else Lesson.of(question, entry.knowledge)
        except ValueError as error:
            self.faults.append(f"{self.lesson_path(key).name}: {error}")
            return None

    def put(self, question: Question, outcome: Outcome, lesson: Lesson | None = None) -> None:
        """Keep an answer, unless a better one (see the module) is there, and its lesson.

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
            if lesson is not None:
                renew(self.lesson_path(key), _packed(LessonEntry(key=key, knowledge=lesson.plain)))
            write(self.path(key), _packed(entry))
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
            trial = self.folder / partial_name("trial")
            trial.write_bytes(b"")
            now = trial.stat().st_mtime  # by the clock of the disk, which may be another's
            trial.unlink(missing_ok=True)
        except OSError as error:
            why = error.strerror or error
            raise StoreError(f"{self.folder} cannot be a store: {why}") from None
        for path in self.folder.glob(f".*{PARTIAL}"):
            with suppress(OSError):
                if dead(path, now):
                    path.unlink()
        self._ready = True

    def _found(self, question: Question, settings: Settings) -> tuple[Entry | None, Outcome | None]:
        """The entry of a question, read and audited; neither where there is none that holds."""
        key = question.key(settings)
        try:
            entry = self._read(self.path(key), key, Entry)
            if entry is None:
                return None, None
            return entry, opened(question.case, settings, entry.outcome, entry.cut_short)
        except DamagedEntry as error:
            self.faults.append(f"{self.path(key).name}: {error}")
            return None, None

    @staticmethod
    def _read(path: Path, key: str, kind: type[Kind]) -> Kind | None:
        """The entry in a file, None where there is none; raises `DamagedEntry`."""
        try:
            data = path.read_bytes()
        except FileNotFoundError:
            return None
        except OSError as error:
            raise DamagedEntry(f"it cannot be read: {error.strerror}") from None
        entry = _unpacked(data, kind)
        if entry.key != key:
            raise DamagedEntry("it is the answer to another question")
        return entry


def opened(
    case: Case, settings: Settings, record: OutcomeRecord, cut_short: float | None = None
) -> Outcome:
    """The outcome of a case from a record that was stored or sent; it is audited here.

    Raises `DamagedEntry` when it does not hold in the case.
    """
    if cut_short is not None:
        settings = settings.model_copy(update={"time_limit": cut_short})
    outcome = Outcome.of(case, settings, record)
    if (outcome.plan is not None) != (record.status in ("optimal", "feasible")):
        raise DamagedEntry(f"its status is {record.status}, which does not fit")
    if outcome.plan is None:
        return outcome
    if outcome.proven != all(goal.proven for goal in record.goals):
        raise DamagedEntry("its status is not that of its goals")
    try:
        violations = audit(case, outcome.plan.record, record.goals)
    except (LookupError, ValueError) as error:
        raise DamagedEntry(f"its plan is none of the case: {error}") from None
    if violations:
        raise DamagedEntry(f"its plan fails the audit: {violations[0]}")
    return outcome


# Files ---------------------------------------------------------------------------


def _packed(entry: Entry | LessonEntry) -> bytes:
    """An entry as the bytes of its file: checksum in the first line, then JSON, compressed."""
    body = entry.model_dump_json().encode("utf-8")
    head = hashlib.sha256(body).hexdigest().encode("ascii")
    return gzip.compress(head + b"\n" + body, mtime=0)


def _unpacked(data: bytes, kind: type[Kind]) -> Kind:
    """The entry in the bytes of a file; raises `DamagedEntry`."""
    try:
        head, _, body = gzip.decompress(data).partition(b"\n")
    except (OSError, EOFError, zlib.error):
        raise DamagedEntry("it is damaged or not whole") from None
    if head != hashlib.sha256(body).hexdigest().encode("ascii"):
        raise DamagedEntry("its checksum is another")
    try:
        entry = kind.model_validate_json(body)
    except (ValidationError, CellError, CaseError):
        raise DamagedEntry("it has another form") from None
    if entry.format != FORMAT:
        raise DamagedEntry(f"it has the format {entry.format}; this version reads {FORMAT}")
    return entry
