"""From a key's path to its line, through everything that TOML allows."""

import tomllib

import pytest

from app.config.locate import Lines

TEXT = '''\
# a comment with [brackets] and = signs
title = "x = 1 # no comment"

[home]
name = 'it''s'  # trailing
"odd key" = 1
a.b.c = 2
long = """
[not.a.section]
key = 1
"""
raw = \'\'\'
# neither
\'\'\'

[[meter]]   # first
name = "one"
list = [1,
  2, # two
  [3, 4],
  { x = 5, y.z = 6 },
]

[meter.inner]
k = 1

[[meter]]
name = "two"
inline = { p = 1, q = { r = 2 } }
last = true
[meter.inner]
k = 2
[[meter.inner.deep]]
d = 1
[[meter.inner.deep]]
d = 2
'''


@pytest.fixture(scope="module")
def lines():
    tomllib.loads(TEXT.replace("it''s'", "its'"))
    return Lines(TEXT.replace("it''s'", "its'"))


@pytest.mark.parametrize(
    ("path", "start"),
    [
        (("title",), "title ="),
        (("home",), "[home]"),
        (("home", "name"), "name = 'its"),
        (("home", "odd key"), '"odd key"'),
        (("home", "a"), "a.b.c"),
        (("home", "a", "b", "c"), "a.b.c"),
        (("home", "long"), 'long = """'),
        (("home", "raw"), "raw = '''"),
        (("meter",), "[[meter]]   # first"),
        (("meter", 0), "[[meter]]   # first"),
        (("meter", 0, "name"), 'name = "one"'),
        (("meter", 0, "list", 0), "list = [1,"),
        (("meter", 0, "list", 1), "  2, # two"),
        (("meter", 0, "list", 2, 1), "  [3, 4]"),
        (("meter", 0, "list", 3, "y", "z"), "  { x = 5"),
        (("meter", 0, "inner"), "[meter.inner]"),
        (("meter", 1, "name"), 'name = "two"'),
        (("meter", 1, "inline", "q", "r"), "inline ="),
        (("meter", 1, "last"), "last = true"),
        (("meter", 1, "inner", "k"), "k = 2"),
        (("meter", 1, "inner", "deep", 1, "d"), "d = 2"),
    ],
)
def test_every_path_has_its_line(lines, path, start):
    text = TEXT.replace("it''s'", "its'").splitlines()
    assert text[lines.of(path) - 1].startswith(start)


def test_what_is_not_there_is_placed_at_what_is_around_it(lines):
    assert lines.of(("meter", 1, "inner", "missing", "x")) == lines.of(("meter", 1, "inner"))
    assert lines.of(("nowhere", "at", "all")) is None
    assert lines.last == len(TEXT.splitlines())


@pytest.mark.parametrize("text", ["", "\n\n", "# only a comment", "a=1", "a=[]", "a={}", "\ufeffa=1", 'a="""x""""'])
def test_small_texts_do_not_confuse_it(text):
    assert Lines(text).last >= 1


def paths(data, before=()):
    items = data.items() if isinstance(data, dict) else enumerate(data) if isinstance(data, list) else ()
    for key, value in items:
        yield (*before, key)
        yield from paths(value, (*before, key))


def test_no_path_of_a_parsed_text_is_without_a_line_of_its_own(lines):
    text = TEXT.replace("it''s'", "its'")
    for path in paths(tomllib.loads(text)):
        assert path in lines._lines, path
