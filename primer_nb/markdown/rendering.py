"""From Markdown to safe HTML: parse, write HTML by our own rules, make hidden characters visible, clean.

`BlockRenderer` draws one text, in one go or block by block as it arrives; the budgets and the reference links are the
text's, so both ways give the same HTML.
"""

from __future__ import annotations

from collections.abc import Sequence
from html import escape
from typing import Any

from markdown_it import MarkdownIt
from markdown_it.renderer import RendererHTML
from markdown_it.token import Token
from markdown_it.utils import EnvType, OptionsDict

from primer_nb.markdown.block_rules import add_blocks
from primer_nb.markdown.budget import Budget, share_out, unrendered
from primer_nb.markdown.characters import normalise, show_hidden
from primer_nb.markdown.highlighting import LANGUAGE, highlight
from primer_nb.markdown.link_rules import add_links
from primer_nb.markdown.links import is_allowed
from primer_nb.markdown.math_rules import add_math
from primer_nb.markdown.mathml import formula
from primer_nb.markdown.sanitizer import clean


def render_markdown(text: str) -> str:
    """Make safe HTML of Markdown that a model or a person wrote.

    Parameters
    ----------
    text : str
        Markdown: CommonMark with tables, strikethrough, task lists, bare links and LaTeX formulas. HTML in it is
        shown as text. Of more than 200,000 characters the rest is left out, and the end says so.

    Returns
    -------
    str
        HTML to be put into a page as it is, with nothing added to it. No text makes this raise, or take much longer
        than a second.

    Examples
    --------
    >>> import primer_nb
    >>> primer_nb.render_markdown("**bold** <script>alert(1)</script>")
    '<p><strong>bold</strong> &lt;script&gt;alert(1)&lt;/script&gt;</p>\\n'
    """
    shares = share_out(normalise(text))
    renderer = BlockRenderer()
    return safe(renderer.draw(shares.markdown) + unrendered(shares.plain, shares.missing))


def safe(html: str) -> str:
    """Finish HTML: after this nothing may be done to it.

    Parameters
    ----------
    html : str
        Complete elements.

    Returns
    -------
    str
        The same, every character visible, reduced to the allow-list.
    """
    return clean(show_hidden(html))


class BlockRenderer:
    """Draws the blocks of one text in their order, sharing its budget and its reference links."""

    def __init__(self) -> None:
        self._env: dict[str, Any] = {"budget": Budget()}

    def count_references(self) -> int:
        """Count the reference links that the blocks so far have defined.

        Returns
        -------
        int
            Number of different labels.
        """
        return len(self._env.get("references", ()))

    def draw(self, markdown: str) -> str:
        """Draw whole blocks.

        Parameters
        ----------
        markdown : str
            Normalised text that begins and ends between two blocks.

        Returns
        -------
        str
            HTML, not yet `safe`.
        """
        try:
            return str(_PARSER.render(markdown, self._env))
        except Exception:  # noqa: BLE001 - a reply must be readable whatever a rule of the parser trips over
            return f"<pre>{escape(markdown)}</pre>\n"


def parse_blocks(markdown: str) -> list[Token]:
    """Divide a text into blocks, without reading what is in them.

    Parameters
    ----------
    markdown : str
        Normalised text.

    Returns
    -------
    list of Token
        The tokens of its blocks; paragraphs hold their text unread.
    """
    tokens: list[Token] = []
    _PARSER.block.parse(markdown, _PARSER, {}, tokens)
    return tokens


class _Parser(MarkdownIt):
    def validateLink(self, url: str) -> bool:  # noqa: N802 - markdown-it's name
        return is_allowed(url)


class _Renderer(RendererHTML):
    """Writes the elements that are ours; each method is the rule for the token of its name."""

    def fence(self, tokens: Sequence[Token], idx: int, options: OptionsDict, env: EnvType) -> str:
        token = tokens[idx]
        language = token.info.split(maxsplit=1)[0] if token.info.strip() else ""
        if not LANGUAGE.fullmatch(language):
            return f"<pre><code>{escape(token.content, quote=False)}</code></pre>\n"
        code = highlight(token.content, language, env["budget"])
        return f'<pre><code class="language-{language}">{code}</code></pre>\n'

    def link_open(self, tokens: Sequence[Token], idx: int, options: OptionsDict, env: EnvType) -> str:
        # One long reference may be used ten thousand times: the length of what is written is limited, too.
        token, budget = tokens[idx], env["budget"]
        budget.link_characters -= sum(len(str(value)) for value in token.attrs.values())
        return self.renderToken(tokens, idx, options, env) if budget.link_characters >= 0 else "<a>"

    def math_inline(self, tokens: Sequence[Token], idx: int, options: OptionsDict, env: EnvType) -> str:
        return _formula(tokens[idx], env)

    def math_block(self, tokens: Sequence[Token], idx: int, options: OptionsDict, env: EnvType) -> str:
        return f"<p>{_formula(tokens[idx], env)}</p>\n"


_CLOSING = {"$": "$", "$$": "$$", r"\[": r"\]", r"\(": r"\)"}


def _formula(token: Token, env: EnvType) -> str:
    source = token.markup + token.content + _CLOSING[token.markup]
    display = token.markup in ("$$", r"\[")
    return formula(token.content, display=display, source=source, budget=env["budget"])


def _parser() -> MarkdownIt:
    parser = _Parser("commonmark", {"html": False, "maxNesting": 20}, renderer_cls=_Renderer)
    parser.enable(["table", "strikethrough"])
    parser.disable(["html_block", "html_inline"])
    for add in (add_blocks, add_math, add_links):
        add(parser)
    return parser


_PARSER = _parser()
