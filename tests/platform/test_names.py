"""A name is that of one thing: who searches for a module or a class finds one."""

from __future__ import annotations

import ast
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

from tests.conftest import ROOT

SOURCES = {"errata": ROOT / "platform", "retrain": ROOT, "evaluation": ROOT, "registry": ROOT}


def modules() -> Iterator[tuple[str, Path]]:
    """The product's modules and packages, by their dotted names."""
    for package, source in SOURCES.items():
        for path in sorted((source / package).rglob("*.py")):
            *parents, name = path.relative_to(source).with_suffix("").parts
            yield ".".join(parents if name == "__init__" else [*parents, name]), path


def test_a_modules_name_recurs_only_as_the_document_beside_what_makes_it() -> None:
    places = defaultdict(list)
    for name, _ in modules():
        if not name.endswith(".__main__"):
            places[name.rpartition(".")[2]].append(name)
    twice = {last: names for last, names in places.items() if len(names) > 1}
    documents = [last for last, names in twice.items() if len(names) == 2 and f"errata.documents.{last}" in names]
    assert {last: names for last, names in twice.items() if last not in documents} == {}


def test_a_classs_name_is_that_of_one_class() -> None:
    places = defaultdict(list)
    for module, path in modules():
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.ClassDef):
                places[node.name].append(module)
    assert {name: found for name, found in places.items() if len(found) > 1} == {}
