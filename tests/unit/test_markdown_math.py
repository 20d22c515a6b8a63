"""Formulas in Markdown: drawn as MathML, told from money, and shown as written when they cannot be drawn."""

from __future__ import annotations

import pytest

from primer_nb import render_markdown

INLINE = '<math display="inline">'
BLOCK = '<math display="block">'


@pytest.mark.parametrize(
    "text", [r"\(x\)", "$x$", "so $x$, then", "**$x$**", "| $x$ |\n|-|", "- $x$", "($x$)", "$x$-axis"]
)
def test_a_formula_in_a_line_is_drawn(text):
    assert f"{INLINE}<mrow><mi>x</mi></mrow></math>" in render_markdown(text)


@pytest.mark.parametrize(
    "text",
    [
        "$$x$$",
        r"\[x\]",
        "$$\nx\n$$",
        "\\[\nx\n\\]",
        "so $$x$$ then",
        "a\n$$\nx\n$$\nb",
        "- a\n\n  \\[\n  x\n  \\]",
        "> $$x$$",
    ],
)
def test_a_formula_on_its_own_is_drawn_as_a_block(text):
    assert f"{BLOCK}<mrow><mi>x</mi></mrow></math>" in render_markdown(text)


def test_lines_of_a_formula_are_no_list_and_no_heading():
    html = render_markdown("$$\na\n- b\n= c\n---\n$$")

    assert html.count("<") == html.count(">")
    assert "<ul>" not in html
    assert "<h" not in html


def test_what_follows_a_formula_on_its_last_line_is_a_paragraph():
    assert render_markdown("$$\nx\n$$ where x").endswith("</math></p>\n<p>where x</p>\n")


@pytest.mark.parametrize(
    "text",
    [
        "from $5 to $6",
        "$5 and $6",
        "it costs $5 per item, in US$, and more",
        "$100, $200, and $300.",
        "US$5 or 5$",
        "$HOME/$USER",
        "echo $HOME and $PATH",
        r"\$x\$",
        "`$x$`",
        "$ x $",
        "$$",
        "a $ b",
    ],
)
def test_money_and_variables_are_no_formulas(text):
    assert "<math" not in render_markdown(text)


@pytest.mark.parametrize("text", [r"$2 \times 3$", "$2x + 1$", "$5$", r"$3.5\%$", "$10^6$"])
def test_a_formula_may_begin_with_a_number(text):
    assert "<math" in render_markdown(text)


@pytest.mark.parametrize(
    "latex",
    [
        r"\hat\beta = (X^\top X)^{-1} X^\top y",
        r"P(A \mid B) = \frac{P(B \mid A)\,P(A)}{P(B)}",
        r"\begin{aligned} a &= b \\[4pt] c &= d \end{aligned}",
        r"\begin{align*} a &= b \label{x} \end{align*}",
        r"f(x) = \begin{cases} 0 & x < 0 \\ 1 & \text{else} \end{cases}",
        r"\operatorname*{argmax}_\theta \mathbb{E}[\log p_\theta(x)]",
        r"\arg\max_x \left\lVert x \right\rVert_2^2",
        r"\mathbf{A} = \begin{bmatrix} 1 & 2 \\ 3 & 4 \end{bmatrix}",
        r"\underbrace{a + b}_{\text{sum}} \xrightarrow{p} \mathcal{N}(\mu, \sigma^2)",
        r"\lim_{n \to \infty} \sum_{i=1}^n \binom{n}{k} \int_0^1 x \, dx",
    ],
)
def test_what_models_write_is_drawn(latex):
    html = render_markdown(f"$${latex}$$")

    assert "<math" in html
    assert "\\" not in html


def test_the_columns_of_equations_are_aligned():
    html = render_markdown(r"$$\begin{aligned} a &= b \end{aligned}$$")

    assert '<mtd style="text-align: right">' in html
    assert '<mtd style="text-align: left">' in html


@pytest.mark.parametrize(
    "latex",
    [
        r"\left( x",
        r"\unheardof{x}",
        r"\begin{tikzpicture} a & b \end{tikzpicture}",
        r"\newcommand{\a}{\b\b}\newcommand{\b}{\c\c}\a",
        r"\def\a{b}\a",
        "{" * 1_500,
    ],
)
def test_what_cannot_be_drawn_is_shown_as_it_was_written(latex):
    html = render_markdown(f"\\({latex}\\)")

    source = latex.replace("&", "&amp;")
    assert html == f'<p><code class="language-latex">\\({source}\\)</code></p>\n'


def test_a_formula_too_long_to_be_one_is_text():
    assert "<math" not in render_markdown(f"\\({'x' * 2_500}\\)")


def test_text_in_a_formula_stays_text():
    html = render_markdown(r"$\text{<img src=x> &lt; \alpha}$")

    assert "<mtext>&lt;img&nbsp;src=x&gt;&nbsp;&amp;lt;&nbsp;\\alpha</mtext>" in html


def test_links_and_styles_in_a_formula_are_dropped():
    html = render_markdown(r"$\href{javascript:a}{x} \class{b}{y} \style{position:fixed}{z} \hspace{99999em}$")

    assert "<mi>x</mi>" in html
    assert not any(word in html for word in ("href", "class", "style", "99999"))


def test_many_formulas_are_drawn_until_they_take_too_long():
    text = " ".join(f"$x_{{{number}}}$" for number in range(10_000))

    html = render_markdown(text)

    assert html.count("<math") > 1_000
    assert html.count("<math") + html.count("<code") == 10_000
