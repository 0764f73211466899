"""Diagrams as pages: to zoom into with the wheel, and to point at for numbers."""

from html import escape
from typing import TYPE_CHECKING, Any

import numpy as np

from geomsup.plot.palette import PALETTE
from geomsup.plot.phases import SHADES
from geomsup.plot.series.grid import cell_edges
from geomsup.reports.page import Page, check_extra

if TYPE_CHECKING:
    from geomsup.phases import PhaseDiagram
    from geomsup.plateau import Plateaus

__all__ = ["phases_page", "plateaus_page"]

SHARES = [[share, colour] for share, colour in zip((0, 0.25, 0.5, 0.75, 1), SHADES, strict=True)]
GREY = "#808080"  # of words and lines: legible on white and on black
FAINT_GREY = "rgba(128, 128, 128, 0.3)"
DASHES = ("solid", "dash", "dot", "dashdot")  # of lines whose colours repeat
TEMPLATE = """<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'; \
script-src 'unsafe-inline'; img-src data: blob:">
<meta name="color-scheme" content="light dark">
<title>{title}</title>
<link rel="icon" href="data:,">
<style>body {{ font-family: sans-serif; margin: 1.5rem }} h1 {{ font-size: 1.3rem }} p {{ max-width: 60rem }}</style>
</head>
<body>
<h1>{title}</h1>
<p>{words}</p>
{figure}
</body>
</html>
"""


def phases_page(diagram: "PhaseDiagram") -> Page:
    """Return a page with the phases in colour, and the transitions as points; each says what it is when pointed at.

    Raises
    ------
    ValueError
        If the extra ``report`` is not installed.

    Examples
    --------
    >>> import geomsup as gs
    >>> page = phases_page(gs.phase_diagram(2, 1, [0.2, 0.5], [0.5, 2.0]))
    >>> page.title, page.headlines[1]
    ('Phases of 2 features in 1 dimension', 'extra in a digon')
    """
    check_extra()
    import plotly.graph_objects as go

    rows = np.array(diagram.names, dtype=object)[diagram.phase]
    cells = go.Heatmap(
        x=cell_edges(1 / diagram.probabilities), y=cell_edges(diagram.importances), z=diagram.dimensionality.T,
        zmin=0, zmax=1, colorscale=SHARES, colorbar={"title": {"text": "D of the<br>extra feature"}},
        customdata=np.dstack([rows.T, diagram.loss.T, np.broadcast_to(diagram.probabilities, rows.T.shape)]),
        hovertemplate="%{customdata[0]}<br>p = %{customdata[2]:.4g}, importance %{y:.4g}<br>"
        "loss %{customdata[1]:.6g}, D %{z:.3f}<extra></extra>",
    )  # fmt: skip
    figure = go.Figure(cells)
    for order, symbol in (("first", "circle"), ("second", "circle-open")):
        there = [one for one in diagram.transitions if one.order == order]
        figure.add_scatter(
            x=[1 / one.probability for one in there], y=[one.importance for one in there], mode="markers",
            marker={"symbol": symbol, "size": 6, "color": "black", "line": {"color": GREY, "width": 1}},
            name=f"{order} order", text=list(map(str, there)),
            hovertemplate="%{text}<extra></extra>",
        )  # fmt: skip
    figure.update_layout(legend={"orientation": "h", "y": 1.05})
    dimensions = f"{diagram.n_hidden} dimension{'s' if diagram.n_hidden > 1 else ''}"
    return _page(
        figure, f"Phases of {diagram.n_features} features in {dimensions}", "importance of the extra feature",
        "Colour: the share D of a hidden dimension that the extra feature has at the optimum. Points: transitions, "
        "filled where the slope of the loss jumps. Drag or turn the wheel to zoom, double-click to go back.",
        diagram.names, log_y=True,
    )  # fmt: skip


def plateaus_page(plateaus: "Plateaus") -> Page:
    """Return a page with the table of blocks as lines: the gain per dimension of every kind at each sparsity.

    Raises
    ------
    ValueError
        If the extra ``report`` is not installed.

    Examples
    --------
    >>> import geomsup as gs
    >>> plateaus_page(gs.plateaus([0.5, 0.3], largest_rank=1))
    Page('Blocks of rank up to 1': digon)
    """
    check_extra()
    import plotly.graph_objects as go

    figure = go.Figure()
    for k, name in enumerate(plateaus.names):
        # None where a kind was not found: a line across would be a guess.
        blocks = [next((block for block in found if block.name == name), None) for found in plateaus.blocks]
        figure.add_scatter(
            x=1 / plateaus.probabilities, y=[block and block.gain for block in blocks], mode="lines+markers",
            name=name, marker={"size": 4},
            line={"color": PALETTE[k % len(PALETTE)], "dash": DASHES[k // len(PALETTE) % len(DASHES)]},
            customdata=[block and [block.probability, block.size, block.rank, block.loss] for block in blocks],
            hovertemplate=f"{escape(name)}<br>p = %{{customdata[0]:.4g}}: gain per dimension %{{y:.6g}}<br>"
            "%{customdata[1]} features in %{customdata[2]} dimensions, loss %{customdata[3]:.6g}<extra></extra>",
        )  # fmt: skip
    for crossing in plateaus.crossings:
        figure.add_vline(crossing.inverse_density, line={"color": GREY, "width": 1, "dash": "dot"})
    return _page(
        figure, f"Blocks of rank up to {plateaus.largest_rank}", "gain per dimension",
        "A line for each kind of block: what it gains per dimension over storing nothing. The highest one wins; dotted "
        "lines are where the winner changes. Drag or turn the wheel to zoom, double-click to go back, click on a name "
        "to hide its line.",
        tuple(dict.fromkeys(block.name for block in plateaus.winners)),
    )  # fmt: skip


def _page(figure: Any, title: str, y: str, words: str, headlines: tuple[str, ...], *, log_y: bool = False) -> Page:
    """Return a page of a figure over 1/(1 - S), on a transparent ground, which is light or dark as the reader's is."""
    lines = {"gridcolor": FAINT_GREY, "zeroline": False}
    figure.update_xaxes(type="log", title={"text": "1/(1 − S)"}, dtick="D2", **lines)
    figure.update_yaxes(type="log" if log_y else "linear", title={"text": y}, **lines)
    figure.update_layout(
        template="none", height=700, font={"color": GREY}, dragmode="zoom",
        paper_bgcolor="rgba(0,0,0,0)", plot_bgcolor="rgba(0,0,0,0)",
    )  # fmt: skip
    body = figure.to_html(full_html=False, include_plotlyjs=True, config={"displaylogo": False, "scrollZoom": True})
    return Page(title, TEMPLATE.format(title=escape(title), words=escape(words), figure=body), headlines)
