"""Markdown as safe HTML: whole, or block by block while it arrives.

`render_markdown` is the one function that makes HTML of what a model wrote: for the panel, for exports, for mail.
"""

from __future__ import annotations

from primer_nb.markdown.highlighting import highlight_css
from primer_nb.markdown.rendering import render_markdown
from primer_nb.markdown.streaming import FinalUpdate, StreamingMarkdown, Update

__all__ = ["FinalUpdate", "StreamingMarkdown", "Update", "highlight_css", "render_markdown"]
