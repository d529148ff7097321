"""Conditions on labels: Alertmanager's grammar, RE2's expressions, and no text that takes long."""

import re
import time
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from costwatch.alerts.matchers import Matcher, parsed

READ = {
    "a bare value": ("team=ml", ("team", "=", "ml")),
    "spaces about": (' team  !=  "ml" ', ("team", "!=", "ml")),
    "an empty value": ('team=""', ("team", "=", "")),
    "no value": ("team=", ("team", "=", "")),
    "a name in quotes": ('"team.name"="ml"', ("team.name", "=", "ml")),
    "a bare name that is none of Prometheus'": ("team.name=ml", ("team.name", "=", "ml")),
    "a name of any script": ('"équipe 🙂" =~ "a|b"', ("équipe 🙂", "=~", "a|b")),
    "a name with a quote in it": (r'"a\"b"="c"', ('a"b', "=", "c")),
    "an escaped backslash": (r'path=~"\\d+"', ("path", "=~", r"\d+")),
    "a backslash that Go refuses stays": (r'path=~"\d+"', ("path", "=~", r"\d+")),
    "Go's escapes": (r'a="\t\u00e9\x41\101\n"', ("a", "=", "\té" + "AA\n")),
    "a bare expression": (r"path=~\d+|x", ("path", "=~", r"\d+|x")),
    "an expression with braces in quotes": ('a=~"x{2,3}"', ("a", "=~", "x{2,3}")),
}
REFUSED = {
    "no operator": ("team", "must read label"),
    "no name": ('="ml"', "must read label"),
    "an empty name": ('""="ml"', "names no label"),
    "a quote that is open": ('team="ml', "must read label"),
    "two bare words": ("team=a b", "must read label"),
    "a lookahead": ('team=~"(?=ml).*"', "no regular expression (of RE2): invalid perl operator"),
    "a back reference": (r'team=~"(a)\\1"', "invalid escape sequence"),
    "an endless repetition": ('team=~"a{99999999999999999999}"', "it repeats more than 1,000 times"),
    "an endless range": ('team=~"a{2,99999999999999999999}"', "it repeats more than 1,000 times"),
    "a long repetition": ('team=~"a{1001}"', "invalid repetition size"),
    "a nested repetition": ('team=~"((a{100}){100}){100}"', "invalid repetition size"),
    "one that is too large": (r'team=~"\\pL{1000}"', "pattern too large"),
    "an open group": ('team!~"("', "missing )"),
    "a text of 2,000 characters": (f'team="{"a" * 2000}"', "longer than 1,000 characters"),
    "half a character": ('team=~"\ud800"', "half a character"),
    "an escape for no character": (r'team="\xff"', "stands for no character"),
    "an escape beyond Unicode": (r'team="\UFFFFFFFF"', "stands for no character"),
    "nothing in braces": ("{}", "holds no matcher"),
    "no comma between two": ('{a="b" c="d"}', "a ',' between two"),
}


@pytest.mark.parametrize("case", READ)
def test_reads(case: str) -> None:
    text, expected = READ[case]
    assert Matcher.parse(text) == Matcher(*expected)


@pytest.mark.parametrize("case", REFUSED)
def test_refuses(case: str) -> None:
    text, why = REFUSED[case]
    with pytest.raises(ValueError, match=re.escape(why)):
        parsed([text])


@pytest.mark.parametrize(
    "text", ['{team="ml",env!="dev"}', 'team="ml",env!="dev"', ' { team = ml , "env" != dev , } ']
)
def test_some_may_stand_in_one_text(text: str) -> None:
    assert parsed([text]) == (Matcher("team", "=", "ml"), Matcher("env", "!=", "dev"))


def test_a_label_that_is_not_there_counts_as_empty() -> None:
    taking = [text for text in ("a=", 'a!="x"', "a=~.*", 'a!~".+"') if Matcher.parse(text).matches({})]
    assert len(taking) == 4
    assert not any(Matcher.parse(text).takes_empty for text in ("a=x", 'a!=""', "a=~.+", 'a!~".*"'))


def test_an_expression_must_match_the_whole_value() -> None:
    matcher = Matcher.parse('team=~"ml|db"')
    assert [matcher.matches({"team": team}) for team in ("ml", "mlx", "xml", "db\n", "")] == [
        True, False, False, False, False,
    ]  # fmt: skip


@pytest.mark.parametrize(
    "pattern", ["(a+)+b", "(a|aa)+b", "(.*)*x", "(a?){30}a{30}b", "((a*)*)*b", "(.|.)*.*.*.*b"]
)
@pytest.mark.parametrize("length", [26, 10_000])
def test_no_expression_takes_long_on_any_value(pattern: str, length: int) -> None:
    matcher, labels = Matcher.parse(f'team=~"{pattern}"'), {"team": "a" * length}
    matcher.matches(labels)
    began = time.perf_counter()
    assert not matcher.matches(labels)
    assert time.perf_counter() - began < 0.05


@given(st.text(), st.text(st.characters(exclude_categories=()), max_size=30))
def test_whatever_is_written_is_read_or_refused_in_words(text: str, value: str) -> None:
    for written in (text, f'team=~"{text}"', f'"{text}"!~{text}'):
        with suppress(ValueError):
            matchers = parsed([written])
            assert all(matcher.matches({matcher.label: value}) in (True, False) for matcher in matchers)


@given(
    st.text(st.characters(exclude_categories=["Cs"]), min_size=1),
    st.text(st.characters(exclude_categories=["Cs"])),
)
def test_any_name_and_value_can_be_written_in_quotes(name: str, value: str) -> None:
    def in_quotes(text: str) -> str:
        return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'

    matcher = Matcher.parse(f"{in_quotes(name)}={in_quotes(value)}")
    assert matcher == Matcher(name, "=", value)
    assert matcher.matches({name: value})
