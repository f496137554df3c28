"""Tables for LaTeX (booktabs, longtable), whose own UTF-8 reads letters but few signs."""

from __future__ import annotations

from leukocytosis.documents.widths import is_wide, share_width
from leukocytosis.report.grids import Grid

NEEDS = r"% in the preamble: \usepackage{array,booktabs,longtable,pdflscape}"
SPECIAL = {
    "\\": r"\textbackslash{}", "&": r"\&", "%": r"\%", "$": r"\$", "#": r"\#", "_": r"\_",
    "{": r"\{", "}": r"\}", "~": r"\textasciitilde{}", "^": r"\textasciicircum{}",
    "<": r"$<$", ">": r"$>$", "|": r"$|$", "[": "{[}", "]": "{]}",
    "\u00a0": "~", "−": r"$-$", "–": "--", "—": "---", "×": r"$\times$", "±": r"$\pm$",
    "≤": r"$\leq$", "≥": r"$\geq$", "≠": r"$\neq$", "→": r"$\rightarrow$", "…": r"\ldots{}",
    "²": r"$^{2}$", "³": r"$^{3}$", "⁹": r"$^{9}$", "₂": r"$_{2}$", "χ": r"$\chi$",
    "β": r"$\beta$", "µ": r"$\mu$", "½": r"$\frac{1}{2}$", "·": r"$\cdot$", "°": r"$^{\circ}$",
}  # fmt: skip


def escape(words: str) -> str:
    """Return words as LaTeX prints them; letters of any alphabet stay."""
    return "".join(SPECIAL.get(letter, letter) for letter in words)


def render_latex(grid: Grid, name: str) -> str:
    """Return the table, labelled `tab:name`, with its caption above and its notes below.

    As wide as the text, a wide table on a page on its side.
    """
    head = [r"\toprule", _row(grid.head), r"\midrule"]
    # below the table: within it a long line would stretch the last column
    notes = [rf"\noindent {escape(note)}\par" for note in grid.notes]
    lines = [
        r"{\footnotesize\setlength{\tabcolsep}{3pt}",
        rf"\begin{{longtable}}{{{_columns(grid)}}}",
        rf"\caption{{{escape(grid.caption)}}}\label{{tab:{name}}} \\",
        *head, r"\endfirsthead", *head, r"\endhead",
        *(_row(row) for row in grid.rows),
        r"\bottomrule",
        r"\end{longtable}",
        *notes,
        "}",
    ]  # fmt: skip
    if is_wide(grid):
        lines = [r"\begin{landscape}", *lines, r"\end{landscape}"]
    return "\n".join([NEEDS, *lines]) + "\n"


def _columns(grid: Grid) -> str:
    """Return columns of fixed width, or the text would run over the edge of the page."""
    sides = {"l": r"\raggedright", "r": r"\raggedleft"}
    return "".join(
        rf">{{{sides[side]}\arraybackslash}}p{{\dimexpr{share:.3f}\linewidth-2\tabcolsep}}"
        for side, share in zip(grid.align, share_width(grid), strict=True)
    )


def _row(cells: tuple[str, ...]) -> str:
    return " & ".join(escape(cell) for cell in cells) + r" \\"
