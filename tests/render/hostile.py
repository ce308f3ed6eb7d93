"""More than 300 strings that mean something to somebody: a terminal, Markdown, XML, a build service, a spreadsheet."""

from __future__ import annotations

from itertools import product

from tests.render.strategies import SAMPLES

COMMANDS = (
    "::error::x",
    "::error file=a.py,line=1::x",
    " ::warning::x",
    "\t::notice::x",
    "\u00a0\u3000::debug::x",
    "::set-output name=matrix::evil",
    "::add-mask::a",
    "::stop-commands::b",
    "::group::x",
    "::save-state name=x::y",
    ":::error::x",
    "##[error]x",
    "##[set-env name=PATH]x",
    "x ##[command]ls",
    "###[group]y",
    "##vso[task.setvariable variable=x]y",
    "##teamcity[buildStop]",
    "section_start:1560896352:evil[collapsed=true]\r\x1b[0KTitle",
    "\x1b[0Ksection_end:1560896352:evil\r\x1b[0K",
    "travis_fold:start:x\r",
)
OTHERS = (
    "=cmd|' /C calc'!A0",
    "+1+1",
    "@SUM(1)",
    "]]>",
    "<![CDATA[x",
    "&amp;&lt;&#0;",
    "<img src=x onerror=alert(1)>",
    "</details></table></script>",
    '" onmouseover="x',
    "'; --",
    "javascript:alert(1)",
    "{{7*7}} {% x %} ${x} $(x) `x`",
    "%s %d {0} {x}",
    "[a]: https://example.test",
    "[^1]",
    "\\",
    "\\\\|",
    "~~x~~ **x** __x__",
    "1. x",
    "> x",
    "    x",
    "---",
    "| --- |",
    ":tada: @org/team #123 a@b.test",
    "\ufeff\u200e\u2066x\u2069",
    "e\u0301\u0301\u0301",
    "\U000e0041",
    "\x00",
    "\x7f\x85",
    "\udc80\udcff",
    "a" * 5_000,
    "🧨" * 50,
    "../../etc/passwd",
    "C:\\x:1",
    "file.py:1:1",
    "EOF",
    "ghadelimiter_0",
    "verdict=pass",
    "verdict<<X\npass\nX",
    "-->",
)
WRAPPED = ("x{}", "{}\n{}", "x\n{}", "a/{}", "{} ")
HOSTILE = tuple(
    dict.fromkeys(
        [*COMMANDS, *OTHERS, *SAMPLES]
        + [wrap.replace("{}", text) for wrap, text in product(WRAPPED, [*COMMANDS, *SAMPLES])]
    )
)
