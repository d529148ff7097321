"""A configuration file with the files that it includes, as one tree whose lines know their files."""

import re
from collections.abc import Collection, Iterator
from itertools import islice
from pathlib import Path

from costwatch.config.pools import texts
from costwatch.config.quote import instead, looks_secret, quoted
from costwatch.config.tree import Line, Mistakes, Place, Tree, read
from costwatch.secret import NOT_A_REFERENCE

MAX_FILES = 1_000
_LONGEST, _MOST_FOLDERS = 200, 8  # of one pattern: characters, and folders below the file's own
_KEY: Place = ("include",)


def read_whole(file: Path, mistakes: Mistakes, sections: Collection[str] = ()) -> Tree | None:
    """The tree of ``file``, the lists of included files at the end of its own; None: it cannot be read.

    sections: what an included file may hold; none: nothing is included.
    """
    tree = _read(file, mistakes)
    if tree is None or not sections or "include" not in tree.root:
        return tree
    own = {
        place: (Line.of(file, begin), Line.of(file, value)) for place, (begin, value) in tree.marks.items()
    }
    whole = Tree(dict(tree.root), {**own})
    for part in _included(tree, file, mistakes):
        within = mistakes.within(part)
        if (below := _read(part, within)) is None:
            continue
        for key in below.root:
            if key not in sections:
                guess = instead(key, sections)
                within.add(below.line((key,)), f"unknown key {quoted(key)} in an included file{guess}")
            elif not isinstance(below.root[key], list):
                within.add(
                    below.line((key,)), f"{quoted(key)} must be a list, as in the file that includes it"
                )
            else:
                _append(whole, below, key, part)
    return whole


def _append(whole: Tree, below: Tree, key: str, file: Path) -> None:
    mine, more = whole.root.get(key, []), below.root[key]
    if not isinstance(mine, list) or not isinstance(more, list):
        return  # told by whoever reads the section
    whole.root[key] = [*mine, *more]
    whole.marks.setdefault((key,), (Line.of(file, below.marks[key,][0]),) * 2)
    for place in below.below((key,)):
        begin, value = below.marks[place]
        _, index, *rest = place
        whole.marks[key, int(index) + len(mine), *rest] = Line.of(file, begin), Line.of(file, value)


def _included(tree: Tree, file: Path, mistakes: Mistakes) -> Iterator[Path]:
    """The files that ``include`` names, each once."""
    folder = file.parent.absolute()
    seen = {file.resolve()}
    for place, pattern in texts(_KEY, tree.at(_KEY)):
        line = tree.value_line(place)
        if len(pattern) > _LONGEST or len(Path(pattern).parts) > _MOST_FOLDERS:
            mistakes.add(line, f"{quoted(pattern)} is too long; name files such as rules.d/*.yaml")
            continue
        if Path(pattern).is_absolute() or {"..", "~"} & {*Path(pattern).parts} or not pattern.strip():
            mistakes.add(line, f"{quoted(pattern)} leaves the folder of this file; name files below it")
            continue
        files = sorted(islice(_fitting(folder, pattern), MAX_FILES + 1))
        if not files:
            mistakes.add(
                line, f"no file below {folder.name}/ fits {quoted(pattern)}; add one, or remove this"
            )
        if len(files) > MAX_FILES:
            mistakes.add(line, f"{quoted(pattern)} fits more than {MAX_FILES:,} files; name fewer")
            continue
        for each in files:
            if (real := each.resolve()) == file.resolve():
                mistakes.add(line, f"{quoted(pattern)} fits this file itself; give the others a folder")
            elif not real.is_relative_to(folder.resolve()):
                mistakes.add(
                    line, f"{quoted(each.name)} is a link that leaves the folder of this file; copy it"
                )
            elif real not in seen:
                seen.add(real)
                yield each


def _fitting(folder: Path, pattern: str) -> Iterator[Path]:
    """Files, none of them hidden; ``**`` stands for one folder, not for all below."""
    for file in folder.glob(re.sub(r"\*{2,}", "*", pattern)):
        if file.is_file() and not any(part.startswith(".") for part in file.relative_to(folder).parts):
            yield file


def _read(file: Path, mistakes: Mistakes) -> Tree | None:
    tree = read(file, mistakes)
    if tree is None:
        return None
    # A list with all its entries commented out is an empty one.
    for key in [key for key, value in tree.root.items() if value is None]:
        del tree.root[key]
    for place, text in tree.texts():
        if looks_secret(text):
            from costwatch.config.sentences import subject

            mistakes.add(tree.value_line(place), f"{subject(place)}: {NOT_A_REFERENCE}")
    return tree
