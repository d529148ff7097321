"""Text files with something wrong, each made from a seed."""

import random

_ODD = (
    *("", "~", "null", "-1", "0"),
    *("1e400", "1e999999", "NaN", "yes", "[]", "{}", "[[]]", "{a: b}", "*", "&a b"),
    *("'", '"', "- - -", "? a", "|", ">-", "!!binary x", "%TAG", "2026-13-01", "30 hours"),
    *("9" * 400, "x" * 2000),
    *("\t", "\x00", "\x85", "\u2028", "\ufeff", "\ud800", "😀", "\u202e", "{team}", "{{team}}"),
    "${env:HOME}",
    *('team=~"(a+)+"', 'team=~"("', "xoxb-1-2-3", "1x999999999", "_x9 stale", "../../etc/passwd", "**/*"),
)


def mutated(text: str, chance: random.Random, most: int = 3) -> str:
    """``text`` with up to ``most`` accidents, such as come of typing, merging and pasting."""
    lines = text.split("\n")
    for _ in range(chance.randint(1, most)):
        at = chance.randrange(len(lines))
        line = lines[at]
        column = chance.randint(0, len(line))
        match chance.randrange(11):
            case 0:
                lines[at] = line[:column] + line[column + 1 :]
            case 1:
                lines[at] = line[:column] + chance.choice(_ODD) + line[column:]
            case 2:
                del lines[at]
            case 3:
                lines.insert(chance.randrange(len(lines) + 1), line)
            case 4:
                lines[at] = chance.choice((" ", "  ", "\t", "    ")) + line
            case 5:
                lines[at] = line.lstrip(" ")
            case 6:
                key, colon, _ = line.partition(": ")
                lines[at] = key + colon + chance.choice(_ODD)
            case 7:
                other = chance.randrange(len(lines))
                lines[at], lines[other] = lines[other], line
            case 8:
                lines[at] = line.replace(": ", chance.choice((":", " : ", ": : ", "=")), 1)
            case 9:
                words = line.split(" ")
                word = chance.randrange(len(words))
                words[word] = "".join(chance.sample(words[word], len(words[word])))
                lines[at] = " ".join(words)
            case _:
                lines[at:] = [line[:column]]
        lines = lines or [""]
    return "\n".join(lines)
