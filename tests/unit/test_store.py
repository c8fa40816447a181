"""The store: what is kept, under which name, and what is noticed when it is damaged."""

from __future__ import annotations

import gzip
import hashlib
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from models.case import ASIDE, Case
from models.paths import all_paths
from models.problem import CaseError
from models.source import Source
from optimizer import Outcome, Settings, load_case, solve
from optimizer.fingerprint import APART
from optimizer.studies import question as asked
from optimizer.studies.question import SHOWN, Question, case_digest
from optimizer.studies.store import Store, StoreError
from optimizer.studies.whole_files import PARTIAL, host
from tests.oracle.tiny_cases import WITHOUT_EFFECT

ROOT = Path(__file__).resolve().parents[2]
SETTINGS = Settings()


@pytest.fixture(scope="module")
def tiny() -> Case:
    return load_case("tiny")


@pytest.fixture(scope="module")
def outcome(tiny: Case) -> Outcome:
    return Question(tiny).answer(SETTINGS)


@pytest.fixture
def store(tmp_path: Path, tiny: Case, outcome: Outcome) -> Store:
    """A store that holds the answer for the tiny case."""
    store = Store(tmp_path / "store")
    store.put(Question(tiny), outcome)
    return store


def the_file(store: Store) -> Path:
    (path,) = store.folder.iterdir()
    return path


# What is kept -----------------------------------------------------------------------


def test_an_answer_comes_back_whole(store: Store, tiny: Case, outcome: Outcome) -> None:
    """What was put in is handed back equal, timings included."""
    found = store.get(Question(tiny), SETTINGS)
    assert found == outcome
    assert found is not None
    assert found.seconds == outcome.seconds
    assert not store.faults


def test_that_no_plan_exists_is_kept_too(tmp_path: Path, tiny: Case) -> None:
    """A proof that there is no plan is an answer: a cash floor above all there is."""
    case = tiny.with_changes({"finance.cash_floor": 10000})
    store = Store(tmp_path)
    store.put(Question(case), solve(case))
    found = store.get(Question(case), SETTINGS)
    assert found is not None
    assert found.status == "infeasible"


def test_the_case_asked_for_is_handed_back(store: Store, tiny: Case) -> None:
    """Name and titles do not matter to the answer, but those of the question stand in it."""
    other = tiny.replace(
        name="other",
        title="Another title",
        sources=(Source(cells="finance.opening_cash", basis="reported", source="a report"),),
    ).with_changes({"vehicles.two.title": "Zwei", "markets.north.note": "far"})
    found = store.get(Question(other), SETTINGS)
    assert found is not None
    assert found.plan is not None
    assert found.case is other
    assert found.plan.record.case == "other"


def test_any_number_of_the_case_makes_another_name(tiny: Case) -> None:
    """Every cell that can be a little larger gives a digest of its own.

    Its markets, sites, cars, entries, launches and lanes alone state more than 60.
    """
    digests = [case_digest(tiny)]
    for path in all_paths(tiny):
        if path.rpartition(".")[2] in SHOWN or path.partition(".")[0] in ASIDE:
            continue
        for value in (0.011, 7):
            try:
                changed = tiny.with_changes({path: value})
            except CaseError:
                continue
            if changed != tiny:
                digests.append(case_digest(changed))
                break
    assert len(digests) > 60
    assert len(set(digests)) == len(digests)


def test_what_does_not_matter_is_what_no_plan_depends_on() -> None:
    """What is left out of the name is known elsewhere to have no effect, or is only shown."""
    assert {"note", "title", "partner"} == WITHOUT_EFFECT
    assert WITHOUT_EFFECT | {"name", "price_basis"} == SHOWN


def test_start_settings_and_versions_are_part_of_the_name(
    tiny: Case, outcome: Outcome, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Another start, gap, seed or version is another question; a time limit is not."""
    assert outcome.plan is not None
    cold = Question(tiny)
    keys = {
        cold.key(SETTINGS),
        Question(tiny, outcome.plan.record).key(SETTINGS),
        cold.key(Settings(gap=0.01)),
        cold.key(Settings(seed=1)),
        cold.key(Settings(threads=2)),
    }
    assert len(keys) == 5
    assert cold.key(Settings(time_limit=5)) == cold.key(SETTINGS)
    monkeypatch.setattr(asked, "fingerprint", lambda: {"highspy": "0"})
    assert cold.key(SETTINGS) not in keys


def test_all_that_makes_an_answer_is_in_the_version_of_the_code() -> None:
    """Solving loads no module that the hash of the code passes over."""
    script = "import sys, optimizer.solving; print(*sys.modules)"
    done = subprocess.run(
        [sys.executable, "-c", script],
        capture_output=True,
        encoding="utf-8",
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        check=True,
    )
    loaded = [name for name in done.stdout.split() if name.startswith("optimizer.")]
    assert "optimizer.formulation.build" in loaded
    assert "optimizer.auditing.course" in loaded
    assert not [name for name in loaded if name.split(".")[1] in APART]


# Limits of time -----------------------------------------------------------------------


def test_what_a_limit_cut_short_serves_those_who_grant_no_more(
    tmp_path: Path, tiny: Case, outcome: Outcome
) -> None:
    """Cut short after 5 s answers a question with 5 or 2 s, not one with 9 s or no limit."""
    store = Store(tmp_path)
    question = Question(tiny)

    def cut(seconds: float) -> Outcome:
        goals = tuple(goal.model_copy(update={"proven": False}) for goal in outcome.goals)
        return Outcome(
            tiny, Settings(time_limit=seconds), "feasible", plan=outcome.plan, goals=goals
        )

    def limit(seconds: float | None) -> float | None:
        found = store.get(question, Settings(time_limit=seconds))
        return None if found is None else found.settings.time_limit

    store.put(question, cut(5.0))
    assert [limit(seconds) for seconds in (2, 5, 9, None)] == [5, 5, None, None]
    store.put(question, cut(2.0))
    assert limit(5) == 5, "the answer that had more time stays"
    store.put(question, cut(9.0))
    assert limit(9) == 9
    store.put(question, outcome)
    store.put(question, cut(20.0))
    found = store.get(question, Settings(time_limit=20))
    assert found is not None
    assert found.proven, "what nothing cut short answers under any limit, and stays"


# Damage ----------------------------------------------------------------------------------


def rewritten(change: Callable[[str], str]) -> Callable[[Path], None]:
    """Change the text of an entry and give it the checksum that fits."""

    def damage(path: Path) -> None:
        body = gzip.decompress(path.read_bytes()).partition(b"\n")[2].decode()
        new = change(body)
        assert new != body
        head = hashlib.sha256(new.encode()).hexdigest()
        path.write_bytes(gzip.compress(f"{head}\n{new}".encode()))

    return damage


def flipped(place: float) -> Callable[[Path], None]:
    def damage(path: Path) -> None:
        data = bytearray(path.read_bytes())
        data[int(place * (len(data) - 1))] ^= 0x10
        path.write_bytes(data)

    return damage


def cut_off(part: float) -> Callable[[Path], None]:
    def damage(path: Path) -> None:
        data = path.read_bytes()
        path.write_bytes(data[: int(part * len(data))])

    return damage


def unchecked(path: Path) -> None:
    """Another text under the old checksum."""
    text = gzip.decompress(path.read_bytes())
    path.write_bytes(gzip.compress(text.replace(b"12750", b"12751")))


DAMAGES = {
    "empty": (lambda path: path.write_bytes(b""), "its checksum is another"),
    "cut": (cut_off(0.5), "damaged or not whole"),
    "cut by a byte": (cut_off(0.9999), "damaged or not whole"),
    "flipped at the start": (flipped(0), "damaged or not whole"),
    "flipped in the middle": (flipped(0.5), "damaged or not whole"),
    "flipped at the end": (flipped(0.995), "damaged or not whole"),
    "no entry": (lambda path: path.write_text("hello"), "damaged or not whole"),
    "other text": (unchecked, "its checksum is another"),
    "other form": (rewritten(lambda text: "[1]"), "it has another form"),
    "other version": (rewritten(lambda text: text.replace('"format":1', '"format":2')), "format 2"),
    "other plan": (
        rewritten(lambda text: text.replace("launches.two.home", "launches.one.north")),
        "fails the audit",
    ),
    "other status": (
        rewritten(lambda text: text.replace('"status":"optimal"', '"status":"infeasible"')),
        "its status is infeasible",
    ),
    "no proof": (
        rewritten(lambda text: text.replace('"proven":true', '"proven":false')),
        "not that of its goals",
    ),
    "what the case has not": (
        rewritten(lambda text: text.replace("vehicles.two", "vehicles.ten")),
        "",
    ),
}


@pytest.mark.parametrize("name", DAMAGES)
def test_damage_is_noticed_and_mended(
    name: str, store: Store, tiny: Case, outcome: Outcome
) -> None:
    """A damaged entry is no answer, says so, and is written over by the next one."""
    damage, words = DAMAGES[name]
    damage(the_file(store))
    assert store.get(Question(tiny), SETTINGS) is None
    (fault,) = store.faults
    assert words in fault
    store.put(Question(tiny), outcome)
    assert store.get(Question(tiny), SETTINGS) == outcome


def test_any_flipped_bit_is_noticed(store: Store, tiny: Case) -> None:
    """Whichever of 100 bytes is changed: what comes back is nothing, or as it was.

    Some bytes of a compressed file (such as the system it was made on) mean nothing.
    """
    path = the_file(store)
    good = path.read_bytes()
    right = store.get(Question(tiny), SETTINGS)
    for n in range(100):
        flipped(n / 99)(path)
        assert store.get(Question(tiny), SETTINGS) in (None, right)
        path.write_bytes(good)
    assert len(store.faults) > 90


def test_the_answer_to_another_question_is_noticed(store: Store, tiny: Case) -> None:
    """An entry under the name of another one is no answer, sound as it is."""
    other = Question(tiny.with_changes({"finance.opening_cash": 31}))
    the_file(store).rename(store.path(other.key(SETTINGS)))
    assert store.get(other, SETTINGS) is None
    assert "another question" in store.faults[0]


# Writing ----------------------------------------------------------------------------------


def test_leftovers_of_the_dead_go_and_those_of_the_living_stay(
    tmp_path: Path, tiny: Case, outcome: Outcome
) -> None:
    """Partial files go when their process is gone or they are hours old, and only then."""
    gone = subprocess.Popen([sys.executable, "-c", ""])
    gone.wait()

    def partial(host: str, pid: int, age: float = 0) -> Path:
        path = tmp_path / f".0123456789abcdef.{host}.{pid}.00ff{PARTIAL}"
        path.write_bytes(b"half")
        then = path.stat().st_mtime - age
        os.utime(path, (then, then))
        return path

    dead = [partial(host(), gone.pid), partial("elsewhere", 1, age=7200)]
    alive = [partial(host(), os.getpid()), partial("elsewhere", os.getpid())]
    foreign = tmp_path / "letter.txt"
    foreign.write_text("dear reader")
    Store(tmp_path).put(Question(tiny), outcome)
    assert not [path for path in dead if path.exists()]
    assert all(path.exists() for path in [*alive, foreign])


def test_a_writer_taken_for_dead_writes_again(
    tmp_path: Path, tiny: Case, outcome: Outcome, monkeypatch: pytest.MonkeyPatch
) -> None:
    """When its partial file is cleared away under its hands, the entry is still written."""
    replace = os.replace
    cleared: list[Path] = []

    def clear_once(source: Path, target: Path) -> None:
        if not cleared:
            cleared.append(source)
            source.unlink()
        replace(source, target)

    monkeypatch.setattr(os, "replace", clear_once)
    store = Store(tmp_path)
    store.put(Question(tiny), outcome)
    assert cleared
    assert store.get(Question(tiny), SETTINGS) == outcome
    assert [path.name for path in tmp_path.iterdir()] == [the_file(store).name]


def test_a_place_that_cannot_be_a_store_is_said(tmp_path: Path) -> None:
    """A file in the place of the folder is an error before anything is solved."""
    (tmp_path / "file").write_text("")
    with pytest.raises(StoreError, match="file cannot be a store: File exists"):
        Store(tmp_path / "file").prepare()
