"""Every law of the model is named, documented and listed."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from pyomo.core import Constraint

from optimizer import load_case
from optimizer.formulation.build import build
from optimizer.formulation.laws import LAWS, reference

NAMED = {law.__name__: law for laws in LAWS.values() for law in laws}


@pytest.mark.parametrize("case", ["tiny", "leapmotor-2023"])
def test_every_row_of_a_model_belongs_to_a_listed_law(case: str) -> None:
    """Each constraint of the shipped models is one of the listed laws."""
    world = build(load_case(case)).world
    laws = {law.local_name for law in world.component_objects(Constraint)}
    assert laws <= set(NAMED)


@pytest.mark.parametrize("name", NAMED)
def test_a_law_has_its_sentence_and_its_unit(name: str) -> None:
    """A law's docstring is a sentence and ends with its unit in brackets."""
    words = NAMED[name].__doc__ or ""
    assert re.match(r"[A-Z][^.]+", words)
    units = r"\((1|cars|capacity|components|money|units|cars or money)\)"
    assert re.search(units, words), words


def test_the_page_of_laws_is_up_to_date() -> None:
    """optimizer/README.md is what ``python -m optimizer.formulation.laws`` writes."""
    page = Path(__file__).resolve().parents[2] / "optimizer" / "README.md"
    assert page.read_text(encoding="utf-8") == reference()
