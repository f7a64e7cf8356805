"""Figures from values, for PNG and SVG (needs matplotlib, which shapes Arabic itself from 3.11 on).

Each function draws one figure and shows nothing; :func:`save_figure` writes it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from iraqcoal_nlp.errors import IraqCoalError
from iraqcoal_nlp.evaluation.abstention import RiskCoverage
from iraqcoal_nlp.evaluation.predictions import Predictions
from iraqcoal_nlp.evaluation.reliability import ReliabilityBin

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

FORMATS = ("png", "svg")

SIZE = (5.2, 4.2)  # inches
_DOTS_PER_INCH = 150
BLUE, ORANGE, GREY = "#2f6690", "#d1603d", "#6b6b6b"  # told apart by those who see few colours, and in print


def require_matplotlib() -> None:
    """Refuse to go on where no figure can be drawn; call it before long work.

    Raises:
        IraqCoalError: matplotlib is not installed.
    """
    try:
        import matplotlib  # noqa: F401, PLC0415 - an extra
    except ImportError:
        raise IraqCoalError("plots need matplotlib: pip install 'iraqcoal-nlp[plots]'") from None


def save_figure(figure: Figure, stem: Path) -> tuple[Path, ...]:
    """Write the figure as ``<stem>.png`` and ``<stem>.svg``; equal figures give equal files. Return the paths."""
    import matplotlib as mpl  # noqa: PLC0415 - an extra

    paths = tuple(stem.with_name(f"{stem.name}.{kind}") for kind in FORMATS)
    with mpl.rc_context({"svg.hashsalt": "iraqcoal", "svg.fonttype": "path"}):
        for path, metadata in zip(paths, ({"Software": None}, {"Date": None}), strict=True):
            figure.savefig(path, dpi=_DOTS_PER_INCH, metadata=metadata)
    return paths


def plot_predictions(predictions: Predictions, scores: Mapping[str, Any], folder: Path, *, name: str) -> list[Path]:
    """Draw all figures of one set of sentences, for the heads that were judged.

    Args:
        predictions: What was predicted.
        scores: :func:`~iraqcoal_nlp.evaluation.measure.score_predictions` of them.
        folder: Where to write; made if it is not there.
        name: Name of the set: it stands in titles and begins the files' names.

    Returns:
        The files written.
    """
    figures = {}
    for head, predicted in predictions.heads.items():
        title, of_head = f"{head}, {name}", scores[head]  # a title that begins in Arabic would run to the left
        bins, error = predicted.reliability, of_head["calibration_error"]
        figures[f"{head}-reliability"] = reliability_diagram(bins, error=error, title=title)
        figures[f"{head}-f1"] = label_bars(of_head["labels"], title=title)
    if "stance" in scores:
        counts, kept = scores["stance"]["confusion"], scores["stance"]["abstention"]["coverage"]
        title = f"stance, {name}"
        figures["stance-confusion"] = confusion_matrix(counts, predictions.stance.labels, title=title)
        figures["stance-risk-coverage"] = risk_coverage_curve(predictions.risk_coverage, kept=kept, title=title)
    folder.mkdir(parents=True, exist_ok=True)
    return [path for kind, figure in figures.items() for path in save_figure(figure, folder / f"{name}-{kind}")]


def reliability_diagram(bins: Sequence[ReliabilityBin], *, error: float, title: str) -> Figure:
    """Draw how often what was stated came true, against the stated probability (DeGroot & Fienberg, 1983).

    Args:
        bins: At least one; the area of a point is the share of its cases.
        error: The expected calibration error, to be written in the figure.
        title: Text above.
    """
    stated = np.array([part.probability for part in bins])
    true = np.array([part.frequency for part in bins])
    count = np.array([part.count for part in bins])
    figure, axes = new_figure(f"{title}\nECE {error:.3f} over {count.sum():,} cases")
    axes.plot([0, 1], [0, 1], color=GREY, linewidth=1, linestyle="--", label="perfectly calibrated")
    sizes = 15 + 300 * count / count.sum()
    axes.scatter(stated, true, s=sizes, color=BLUE, alpha=0.8, label="measured; the larger, the more cases")
    axes.set(xlabel="stated probability", ylabel="share that came true", xlim=(-0.05, 1.05), ylim=(-0.05, 1.05))
    axes.set_aspect("equal")
    figure.legend(loc="outside lower center", ncols=2, frameon=False, fontsize="small", markerscale=0.6)
    return figure


def label_bars(labels: Mapping[str, Mapping[str, Any]], *, title: str) -> Figure:
    """Draw the F1 of each label with its 95 % interval.

    Args:
        labels: By label ``f1``, ``interval`` (two numbers or ``None``) and ``support``, as
            :func:`~iraqcoal_nlp.evaluation.measure.score_predictions` returns them.
        title: Text above.
    """
    figure, axes = new_figure(title)
    places = np.arange(len(labels))
    f1 = np.array([label["f1"] for label in labels.values()])
    axes.barh(places, f1, color=BLUE, alpha=0.85, height=0.6)
    for place, label in zip(places, labels.values(), strict=True):
        if label["interval"] is not None:
            axes.plot(label["interval"], [place, place], color="black", linewidth=1.4, marker="|", markersize=9)
    axes.set_yticks(places, [f"{name}\nn = {label['support']:,}" for name, label in labels.items()])
    axes.invert_yaxis()
    axes.set(xlabel="F1, with its 95 % interval", xlim=(0, 1.02))
    return figure


def confusion_matrix(counts: Sequence[Sequence[int]], labels: Sequence[str], *, title: str) -> Figure:
    """Draw how often each label was taken for each; a row's shade is its share of that gold label.

    Args:
        counts: Rows are gold, columns predicted. *Shape:* ``(n_labels, n_labels)``.
        labels: Their names, in order.
        title: Text above.
    """
    figure, axes = new_figure(title)
    table = np.array(counts)
    share = table / np.maximum(table.sum(axis=1, keepdims=True), 1)
    axes.imshow(share, cmap="Blues", vmin=0, vmax=1)
    for (row, column), n in np.ndenumerate(table):
        colour = "white" if share[row, column] > 0.6 else "black"
        axes.text(column, row, f"{n:,}\n{share[row, column]:.0%}", ha="center", va="center", color=colour)
    places = np.arange(len(labels))
    axes.set_xticks(places, labels)
    axes.set_yticks(places, labels)
    axes.set(xlabel="predicted", ylabel="gold")
    axes.spines[:].set_visible(False)
    axes.tick_params(length=0)
    return figure


def risk_coverage_curve(curve: RiskCoverage, *, kept: float, title: str) -> Figure:
    """Draw the share of errors among the most certain sentences, against the share of sentences kept.

    Args:
        curve: What :func:`~iraqcoal_nlp.evaluation.abstention.risk_coverage` returns.
        kept: Share of the sentences that the model itself keeps, at its abstention level.
        title: Text above.
    """
    figure, axes = new_figure(title)
    axes.plot(curve.coverage, curve.risk, color=BLUE, label=f"most certain first, AURC {curve.area:.3f}")
    axes.axhline(curve.risk[-1], color=GREY, linewidth=1, linestyle="--", label="no abstention")
    axes.axvline(kept, color=ORANGE, linewidth=1, linestyle=":", label=f"the model's level: keeps {kept:.0%}")
    top = max(float(curve.risk.max()), 0.05) * 1.35  # room for the legend
    axes.set(xlabel="coverage: share of sentences kept", ylabel="risk: share of them wrong")
    axes.set(xlim=(0, 1.02), ylim=(0, top))
    axes.legend(loc="upper left", frameon=False)
    return figure


def new_figure(title: str, size: tuple[float, float] = SIZE) -> tuple[Figure, Axes]:
    """Return an empty figure in the project's manner, and its axes.

    Args:
        title: Text above.
        size: Width and height in inches.

    Raises:
        IraqCoalError: matplotlib is not installed.
    """
    require_matplotlib()
    from matplotlib.figure import Figure  # noqa: PLC0415 - an extra

    figure = Figure(figsize=size, layout="constrained")
    axes = figure.subplots()
    axes.set_title(title, fontsize="medium")
    axes.spines[["top", "right"]].set_visible(False)
    return figure, axes
