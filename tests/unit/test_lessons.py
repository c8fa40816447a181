"""Lessons: what the solve of a case taught, as plain data, in a store, and told to what-ifs."""

from __future__ import annotations

import copy
import gzip
import hashlib
import json
import pickle
import random
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from models.case import Case
from optimizer import Outcome, Settings, load_case, solving
from optimizer.highs import Basis, Witness
from optimizer.outcome import OutcomeRecord
from optimizer.searching import Knowledge
from optimizer.searching.knowledge import Claim, Topic
from optimizer.searching.plain import from_plain, plain
from optimizer.studies.inquiry import taught, taught_before
from optimizer.studies.many import Answer, solve_what_ifs
from optimizer.studies.question import Lesson, Question
from optimizer.studies.store import Store

SETTINGS = Settings()
#: Opening cash of the what-ifs.
CASH = (5, 12, 20, 28)
#: Two columns, three rows, four rows in the pool; every kind of part is there.
SMALL = Knowledge(
    (2, 3, 4),
    (0, 3),
    {
        "volume": Topic(
            Basis(
                np.array([1, 0], dtype=np.int8),
                np.array([0, 1, 2], dtype=np.int8),
                ((("pool", 3), 1), (("row", 2), 0), (("kept", "volume"), 4)),
            ),
            np.array([1], dtype=np.int8),
            (
                Claim(0, 1.0, None),
                Claim(
                    1,
                    0.0,
                    Witness(
                        np.array([0, 2], dtype=np.int32),
                        np.array([0.1, -1e-300]),
                        ((("pool", 3), -1 / 3), (("row", 1), 2.0)),
                        False,
                    ),
                ),
            ),
            float("inf"),
        )
    },
)


@pytest.fixture(scope="module")
def tiny() -> Case:
    return load_case("tiny")


@pytest.fixture(scope="module")
def changed(tiny: Case) -> list[Case]:
    return [tiny.with_changes({"finance.opening_cash": cash}) for cash in CASH]


@pytest.fixture(scope="module")
def base(tiny: Case) -> tuple[Outcome, Lesson]:
    outcome, lesson = Question(tiny, teaches=True).taught(SETTINGS)
    assert lesson is not None
    return outcome, lesson


@pytest.fixture(scope="module")
def expected(tiny: Case, changed: list[Case]) -> list[OutcomeRecord]:
    """The answers without a store, by one worker."""
    return answers(tiny, changed, workers=1)


def answers(case: Case, changed: list[Case], **how: Any) -> list[OutcomeRecord]:
    """The outcomes in the order of the cases, without what they took."""
    found = sorted(solve_what_ifs(case, changed, **how), key=lambda answer: answer.number)
    return [record(answer) for answer in found]


def record(answer: Answer) -> OutcomeRecord:
    assert answer.outcome is not None, answer.fault
    return answer.outcome.record.model_copy(update={"seconds": {}})


# As plain data --------------------------------------------------------------------------


def test_knowledge_comes_back_from_json_to_the_last_bit(base: tuple[Outcome, Lesson]) -> None:
    """Once as JSON and back, knowledge has the same numbers, types and order."""
    for knowledge in (SMALL, base[1].knowledge):
        text = json.dumps(plain(knowledge), allow_nan=False)
        again = from_plain(json.loads(text))
        assert json.dumps(plain(again)) == text
        assert again.topics.keys() == knowledge.topics.keys()
        for name, topic in knowledge.topics.items():
            other = again.topics[name]
            for array, back in (
                (topic.basis.columns, other.basis.columns),
                (topic.basis.rows, other.basis.rows),
                (topic.decisions, other.decisions),
            ):
                assert (array.dtype, array.tobytes()) == (back.dtype, back.tobytes())
            assert repr(topic.basis.named) == repr(other.basis.named)
            assert repr(topic.promise) == repr(other.promise)
            assert repr(topic.claims) == repr(other.claims)
        assert (again.shape, again.rows) == (knowledge.shape, knowledge.rows)


def _topic(data: Any) -> Any:
    return data["topics"]["volume"]


def _witness(data: Any) -> Any:
    return _topic(data)["claims"][1][2]


def _set(part: Callable[[Any], Any], name: Any, value: Any) -> Callable[[Any], None]:
    def change(data: Any) -> None:
        part(data)[name] = value

    return change


#: Data that would point outside of the model, or is no data of this kind.
WRONG: dict[str, Callable[[Any], None]] = {
    "no shape": lambda data: data.pop("shape"),
    "a size below zero": _set(lambda data: data["shape"], 0, -1),
    "a size that is a text": _set(lambda data: data["shape"], 0, "2"),
    "no topics": lambda data: data.pop("topics"),
    "a basis with fewer rows": _set(_topic, "rows", "AQE="),
    "a row beyond the pool": _set(lambda data: data["rows"], 1, 4),
    "topics that are none": lambda data: data.update(topics=[1]),
    "a basis of another model": _set(lambda data: data["shape"], 0, 3),
    "a status that is none": _set(_topic, "columns", "AQk="),
    "an array that is no base64": _set(_topic, "rows", "AQ!="),
    "an array that is no text": _set(_topic, "rows", [0, 1, 2]),
    "an array of half a number": _set(_topic, "promise", "AAAA"),
    "no promise": _set(_topic, "promise", ""),
    "a name that is none": _set(_topic, "named", [[[1, 2], 1]]),
    "more decisions than columns": _set(_topic, "decisions", "AQEB"),
    "a claim on a column beyond": _set(lambda data: _topic(data)["claims"][0], 0, 2),
    "a claim on half a column": _set(lambda data: _topic(data)["claims"][0], 0, 0.5),
    "a claim of no number": _set(lambda data: _topic(data)["claims"][0], 1, "1"),
    "a claim of true": _set(lambda data: _topic(data)["claims"][0], 1, True),
    "a row beyond the rows": _set(_witness, "rows", "AAAAAAMAAAA="),
    "a row below zero": _set(_witness, "rows", "AAAAAP////8="),
    "fewer multipliers": _set(_witness, "multipliers", ""),
    "a multiplier without end": _set(_witness, "weights", "AAAAAAAA8H8AAAAAAADwfw=="),
    "a named row beyond the rows": _set(_witness, "kept", [["pool", 3], ["row", 3]]),
    "neither true nor false": _set(_witness, "objective", 1),
}


@pytest.mark.parametrize("name", WRONG)
def test_what_is_no_knowledge_is_refused(name: str) -> None:
    """Each wrong part alone is a `ValueError`; without it the data is fine."""
    data = json.loads(json.dumps(plain(SMALL)))
    from_plain(copy.deepcopy(data))
    WRONG[name](data)
    with pytest.raises(ValueError, match=r"\w"):
        from_plain(data)


@pytest.mark.parametrize("data", [None, 1, "text", [], {}, {"shape": [1], "rows": []}])
def test_other_data_is_refused(data: object) -> None:
    """Whatever has another form is a `ValueError` too."""
    with pytest.raises(ValueError, match=r"\w"):
        from_plain(data)


# In use -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("changes", "whose"),
    [
        ({"entries.north.importer.status": "forbidden"}, "the lesson's"),
        ({"entries.north.own.throughput_per_year": 1500}, "its own"),
    ],
)
def test_a_question_is_asked_of_the_model_that_the_lesson_is_of(
    tiny: Case, base: tuple[Outcome, Lesson], changes: dict[str, Any], whose: str
) -> None:
    """Where that can become its case: in a model of another shape nothing learned is of use.

    Its answer is that of a solve of its own either way.
    """
    case = tiny.with_changes(changes)
    models: list[Case] = []
    build = solving.World
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(solving, "World", lambda case, *how: models.append(case) or build(case, *how))
        found = Question(case, base[0].plan and base[0].plan.record, base[1]).answer(SETTINGS)
    assert models == [tiny if whose == "the lesson's" else case]
    assert found.status == "optimal"
    cold = solving.solve(case, SETTINGS)
    assert found.goals[0].period == cold.goals[0].period  # in which more or fewer may be sold
    assert [goal.best for goal in found.goals[1:]] == pytest.approx(
        [goal.best for goal in cold.goals[1:]]
    )


# In a store -------------------------------------------------------------------------------


def test_a_lesson_is_kept_beside_its_answer(
    tmp_path: Path, tiny: Case, base: tuple[Outcome, Lesson]
) -> None:
    """It comes back whole; it is there before its answer; what is there is not written again."""
    store, question = Store(tmp_path), Question(tiny, teaches=True)
    key = question.key(SETTINGS)
    written: list[bool] = []
    with pytest.MonkeyPatch.context() as patch:
        path = store.path
        patch.setattr(store, "path", lambda key: written.append(lesson.exists()) or path(key))
        lesson = store.lesson_path(key)
        store.put(question, *base)
    assert written == [True]
    before = lesson.stat()
    outcome, found = store.taught(question, SETTINGS)
    assert outcome == base[0]
    assert found is not None
    assert found.learned_from == base[1].learned_from
    assert plain(found.knowledge) == plain(base[1].knowledge)
    store.put(question, *base)
    assert (lesson.stat().st_ino, lesson.stat().st_mtime_ns) == (before.st_ino, before.st_mtime_ns)
    assert not store.faults


def _reworded(change: Callable[[Any], None]) -> Callable[[Path], None]:
    """Other content with the checksum that fits."""

    def damage(path: Path) -> None:
        entry = json.loads(gzip.decompress(path.read_bytes()).partition(b"\n")[2])
        change(entry)
        body = json.dumps(entry).encode()
        head = hashlib.sha256(body).hexdigest().encode()
        path.write_bytes(gzip.compress(head + b"\n" + body))

    return damage


def _flipped(path: Path) -> None:
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 4
    path.write_bytes(data)


DAMAGES: dict[str, tuple[Callable[[Path], None], str]] = {
    "gone": (Path.unlink, ""),
    "empty": (lambda path: path.write_bytes(b""), "its checksum is another"),
    "cut": (lambda path: path.write_bytes(path.read_bytes()[:-30]), "damaged or not whole"),
    "flipped": (_flipped, "damaged or not whole"),
    "a pickle": (lambda path: path.write_bytes(pickle.dumps(SMALL)), "damaged or not whole"),
    "of another question": (
        _reworded(lambda entry: entry.update(key="0" * 64)),
        "answer to another question",
    ),
    "of another form": (_reworded(lambda entry: entry.pop("knowledge")), "another form"),
    "of another version": (_reworded(lambda entry: entry.update(format=9)), "format 9"),
    "no knowledge": (_reworded(lambda entry: entry["knowledge"].pop("shape")), "no knowledge"),
}


@pytest.mark.parametrize("name", DAMAGES)
def test_a_damaged_lesson_is_made_again(
    name: str, tmp_path: Path, tiny: Case, base: tuple[Outcome, Lesson]
) -> None:
    """It is told and none; solving the case again makes the same file, to the last byte."""
    store, question = Store(tmp_path), Question(tiny, teaches=True)
    store.put(question, *base)
    path = store.lesson_path(question.key(SETTINGS))
    whole = path.read_bytes()
    damage, words = DAMAGES[name]
    damage(path)
    assert store.taught(question, SETTINGS) == (base[0], None)
    assert [words in fault and path.name in fault for fault in store.faults] == [True] * bool(words)
    assert taught_before(tiny, SETTINGS, store) is None
    outcome, _ = taught(tiny, SETTINGS, store=store)
    assert outcome == base[0]
    assert path.read_bytes() == whole
    assert taught_before(tiny, SETTINGS, store) is not None


def test_reading_a_store_runs_no_code(
    tmp_path: Path, tiny: Case, base: tuple[Outcome, Lesson], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nothing is unpickled when lessons are read."""
    store, question = Store(tmp_path), Question(tiny, teaches=True)
    store.put(question, *base)

    def never(*_: object, **__: object) -> None:
        raise AssertionError("unpickled")

    for name in ("load", "loads", "Unpickler"):
        monkeypatch.setattr(pickle, name, never)
    assert store.taught(question, SETTINGS)[1] is not None


# Told to what-ifs -----------------------------------------------------------------------------


def test_what_ifs_are_asked_with_the_lesson(
    tmp_path: Path, tiny: Case, changed: list[Case], base: tuple[Outcome, Lesson]
) -> None:
    """Their answers are kept under the names of questions that have it, and under no other."""
    store = Store(tmp_path)
    answers(tiny, changed, store=store, workers=2)
    plan = base[0].plan
    assert plan is not None
    for case in changed:
        assert Question(case, plan.record, base[1]).key(SETTINGS) in store
        assert Question(case, plan.record).key(SETTINGS) not in store


@pytest.mark.parametrize(
    ("lost", "workers"), [("lesson", 2), ("answer", 1), ("both", 2), ("what-ifs", 1)]
)
def test_whatever_was_lost_the_answers_are_the_same(
    lost: str,
    workers: int,
    tmp_path: Path,
    tiny: Case,
    changed: list[Case],
    expected: list[OutcomeRecord],
) -> None:
    """Half the what-ifs, then a loss, then all of them shuffled: as one worker without a store."""
    store, question = Store(tmp_path), Question(tiny, teaches=True)
    answers(tiny, changed[:2], store=store, workers=workers)
    key = question.key(SETTINGS)
    before = {path.name: path.read_bytes() for path in tmp_path.iterdir()}
    assert len(before) == 4, "the case, its lesson and two what-ifs"
    if lost in ("lesson", "both"):
        store.lesson_path(key).unlink()
    if lost in ("answer", "both"):
        store.path(key).unlink()
    if lost == "what-ifs":
        for path in tmp_path.iterdir():
            if not path.name.startswith(key):
                path.unlink()
    order = list(range(len(changed)))
    random.Random(3).shuffle(order)
    found = answers(tiny, [changed[n] for n in order], store=store, workers=workers)
    assert found[0] == expected[0]
    assert found[1:] == [expected[1 + n] for n in order]
    names = {path.name for path in tmp_path.iterdir()}
    assert len(names) == len(CASH) + 2
    assert before.keys() <= names, "questions have the names that they had"
    assert store.lesson_path(key).read_bytes() == before[store.lesson_path(key).name]


def test_a_lost_lesson_is_made_again_without_a_limit(
    tmp_path: Path, tiny: Case, changed: list[Case], expected: list[OutcomeRecord]
) -> None:
    """Under a limit that cuts everything short, a lesson whose answer is kept comes back."""
    store, question = Store(tmp_path), Question(tiny, teaches=True)
    answers(tiny, [], store=store, workers=1)
    path = store.lesson_path(question.key(SETTINGS))
    whole = path.read_bytes()
    path.unlink()
    answers(tiny, changed[:1], settings=Settings(time_limit=1e-6), store=store, workers=1)
    assert path.read_bytes() == whole
    assert answers(tiny, changed, store=store, workers=1) == expected


def test_what_was_cut_short_teaches_nothing(tmp_path: Path, tiny: Case) -> None:
    """A base case under a limit of a microsecond leaves no lesson, and what-ifs have none."""
    store, hurried = Store(tmp_path), Settings(time_limit=1e-6)
    first, *_ = solve_what_ifs(tiny, [], settings=hurried, store=store, workers=1)
    assert first.lesson is None
    assert not list(tmp_path.glob("*.lesson.gz"))
    assert Question(tiny, teaches=True).taught(hurried)[1] is None


def test_a_case_without_a_plan_teaches_nothing(tiny: Case) -> None:
    """Where it is proven that no plan exists there is no lesson."""
    case = tiny.with_changes({"finance.cash_floor": 10000})
    outcome, lesson = Question(case, teaches=True).taught(SETTINGS)
    assert (outcome.status, lesson) == ("infeasible", None)


def test_a_question_that_teaches_begins_with_nothing(
    tiny: Case, base: tuple[Outcome, Lesson]
) -> None:
    """What it teaches must be told by its case alone; so help is refused."""
    with pytest.raises(ValueError, match="begins with nothing"):
        Question(tiny, lesson=base[1], teaches=True)
