"""Texts that anyone could write into a tag, made from a seed: they mention, link, format and break out."""

import random

_MENTIONS = (
    "<!channel>",
    "<!here|x>",
    "<!everyone>",
    "<@U0123>",
    "<#C0123|general>",
    "<!subteam^S1>",
    "@everyone",
)
_LINKS = (
    "<https://evil.example|Open in costwatch>",
    "https://evil.example/x?a=1",
    "[click](https://evil.example)",
    "javascript:alert(1)",
    "data:text/html,<script>alert(1)</script>",
    "mailto:eve@evil.example",
    "<slack://open|x>",
    "https://evil.example|Runbook> <!channel",
)
_MARKS = (
    "*bold*",
    "_it_",
    "~no~",
    "`code`",
    "```block```",
    "> quote",
    "&gt; quote",
    "• item",
    "1. item",
    ":fire:",
    "---",
)
_HIDDEN = ("\u200b", "\u200e", "\u202e", "\u2066", "\ufeff", "\u2028", "\u2029", "\u00ad", "\U000e0041")
_CONTROL = (
    "\x00",
    "\x07",
    "\x1b[2J",
    "\x1b]8;;https://evil.example\x07x",
    "\r",
    "\n",
    "\t",
    "\x7f",
    "\x9b31m",
    "\ud800",
)
_HTML = (
    "<script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    '"><svg onload=alert(1)>',
    "</p></body><h1>x",
    "<!--",
    "<style>*{display:none}</style>",
    "&lt;b&gt;&amp;",
    "' onmouseover='alert(1)",
)
_HEADERS = (
    "x\r\nBcc: eve@evil.example",
    "x\nSubject: y",
    "x\r\n\r\nbody",
    "=?utf-8?q?x=0d=0aBcc:_e@e.example?=",
    "\r\n.\r\nQUIT\r\n",
)
_FORMULAS = ("=1+1", "+cmd|' /C calc'!A0", "-2+3", "@SUM(A1)", "＝1+1", "\t=1", "|x")
_CODE = (
    "{{7*7}}",
    "${env:HOME}",
    "%s%n",
    "{0}",
    "{team}",
    "'; DROP TABLE alert; --",
    "$(id)",
    "{{ .Labels }}",
    "\\u0041",
)
_WORDS = ("nat-gateway", "ünïcödé", "👩\u200d🚀", "名前", "a&b", "x<y>z", "", " ", "ı")
_KINDS = (_MENTIONS, _LINKS, _MARKS, _HIDDEN, _CONTROL, _HTML, _HEADERS, _FORMULAS, _CODE, _WORDS)


def hostile_texts(count: int = 320, seed: int = 15) -> list[str]:
    """Each of those above alone, then joined by chance, then some that are very long."""
    rng = random.Random(seed)
    alone = [text for kind in _KINDS for text in kind]
    found = list(alone)
    while len(found) < count - 6:
        parts = [rng.choice(rng.choice(_KINDS)) for _ in range(rng.randint(2, 5))]
        found.append(rng.choice(("", " ", "_", "\n")).join(parts))
    long = ("&" * 30_000, "<" * 9_000, "👩" * 9_000, "x" * 200_000, "*_~`" * 5_000, "\u202e\x1b" * 9_000)
    return [*found, *long]
