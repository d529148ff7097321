"""The schema and the page of every key: true of the shipped files, and up to date."""

import re
from pathlib import Path

import pytest
import yaml

from costwatch.config import default_text, schema
from costwatch.config.reference import reference
from costwatch.plugins import NOTIFIERS, RULES, registered
from tests.config.test_mistyped_rules import ALERTS
from tests.config.test_mutated_rules import INCLUDED
from tests.config.test_shipped_examples import FITTING

PAGE = Path(__file__).parent.parent.parent / "docs" / "reference.md"


class _AsWritten(yaml.SafeLoader):
    """Days stay text, as editors have them."""


_AsWritten.yaml_implicit_resolvers = {
    first: [(tag, pattern) for tag, pattern in resolvers if not tag.endswith("timestamp")]
    for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
}
FILES = {
    "costwatch.yaml": default_text("costwatch.yaml"),
    "costwatch.yaml with its examples": re.sub("^#(?=  )", "", default_text("costwatch.yaml"), flags=re.M),
    "alerts.yaml": default_text("alerts.yaml"),
    "alerts.yaml with its examples": re.sub("^#(?=  )", "", default_text("alerts.yaml"), flags=re.M),
    "another company's costwatch.yaml": FITTING,
    "another company's alerts.yaml": ALERTS,
    "an included file": INCLUDED,
}


@pytest.mark.parametrize("name", FILES)
def test_the_schema_takes_what_is_right(name: str) -> None:
    jsonschema = pytest.importorskip("jsonschema")
    written = yaml.load(FILES[name], Loader=_AsWritten)
    given = {key: value for key, value in written.items() if value is not None}
    found = [error.message for error in jsonschema.Draft202012Validator(schema()).iter_errors(given)]
    assert found == []


def test_the_schema_refuses_a_misspelt_key_of_a_test() -> None:
    jsonschema = pytest.importorskip("jsonschema")
    written = yaml.load(INCLUDED.replace("expect:", "expects:"), Loader=_AsWritten)
    assert not jsonschema.Draft202012Validator(schema()).is_valid(written)


def test_the_page_of_every_key_is_up_to_date() -> None:
    told = "run: costwatch config reference > docs/reference.md"
    assert PAGE.read_text(encoding="utf-8") == reference(), told


def test_the_page_knows_every_kind_and_key_of_rules() -> None:
    page = reference()
    for section, group in (("rules", RULES), ("receivers", NOTIFIERS)):
        for kind in registered(group):
            assert f"#### `{section}`: `{kind}`" in page
    assert "**keep_firing_for**: how long it goes on firing after the breach ends" in page
    assert "``" not in page.replace("```", "")
