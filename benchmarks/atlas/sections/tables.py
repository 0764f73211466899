"""Tables, paragraphs and numbers in Markdown."""

from textwrap import fill

from benchmarks.atlas.sources import TITLES

LEVEL = 0.05
WIDTH = 118  # of a line of the page
KEPT = "\0%"  # a number and its sign stay on one line
SMALLEST = 1e-4  # smaller parts are not told apart


def prose(*paragraphs):
    """Return paragraphs, their lines broken anew."""
    whole = (" ".join(text.split()).replace(" %", KEPT) for text in paragraphs)
    lines = (fill(text, WIDTH, break_long_words=False, break_on_hyphens=False) for text in whole)
    return "\n\n".join(lines).replace(KEPT, " %") + "\n"


def table(head, rows):
    lines = [head.split(" | "), ["---"] * len(head.split(" | ")), *rows]
    return "".join("| " + " | ".join(map(str, line)) + " |\n" for line in lines)


def joined(*blocks):
    """Return headings, paragraphs, tables and images with an empty line between them."""
    return "\n".join(block if block.endswith("\n") else block + "\n" for block in blocks)


def p(value):
    """Return a p-value; smaller ones than 1e-300 underflow."""
    return "< 1e-300" if value < 1e-300 else f"{value:.2g}"


def p_is(value):
    """Return a p-value as part of a sentence."""
    return "p < 1e-300" if value < 1e-300 else f"p = {value:.2g}"


def percent(part):
    """Return a part in percent, with two digits at least."""
    if 0 < part < SMALLEST:
        return "< 0.01 %"
    return f"{100 * part:.0f} %" if part >= 0.1 else f"{100 * part:.2g} %"


def model(name):
    """Return the name of a model, or of several."""
    return ", ".join(TITLES[one] for one in name.split(", "))


def code(token):
    """Return a token as it stands in its vocabulary, but for the two signs that end code and cells."""
    return "`" + token.replace("`", "ˋ").replace("|", "¦") + "`"
