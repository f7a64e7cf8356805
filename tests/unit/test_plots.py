"""Figures come from values, in both formats, the same each time; without matplotlib there is one clear line."""

import sys

import numpy as np
import pytest

from iraqcoal_nlp.codebook import STANCES
from iraqcoal_nlp.errors import IraqCoalError
from iraqcoal_nlp.evaluation import plots
from iraqcoal_nlp.evaluation.abstention import risk_coverage
from iraqcoal_nlp.evaluation.reliability import reliability_bins

LABELS = {
    "attack": {"f1": 0.9, "interval": [0.8, 0.95], "support": 1200},
    "handover": {"f1": 0.0, "interval": None, "support": 0},
}


def figures():
    random = np.random.default_rng(1)
    stated = random.random(300)
    true = random.random(300) < stated
    return {
        "reliability": plots.reliability_diagram(reliability_bins(stated, true), error=0.02, title="stance, أخبار"),
        "bars": plots.label_bars(LABELS, title="events, gold"),
        "confusion": plots.confusion_matrix([[8, 1, 5], [0, 0, 0], [2, 1, 71]], STANCES, title="stance, gold"),
        "risk": plots.risk_coverage_curve(risk_coverage(stated, ~true), kept=0.9, title="stance, gold"),
    }


def texts(figure) -> list[str]:
    return [text.get_text() for text in figure.findobj(lambda artist: hasattr(artist, "get_text"))]


def test_each_is_written_twice_over_and_alike(tmp_path):
    for folder in ("one", "two"):
        (tmp_path / folder).mkdir()
        for name, figure in figures().items():
            paths = plots.save_figure(figure, tmp_path / folder / name)
            assert [path.suffix for path in paths] == [".png", ".svg"]
    for one in (tmp_path / "one").iterdir():
        assert one.read_bytes() == (tmp_path / "two" / one.name).read_bytes()
    assert len(list((tmp_path / "one").iterdir())) == 8


def test_they_say_what_they_show():
    drawn = figures()
    assert {"8\n57%", "71\n96%", "0\n0%"} <= set(texts(drawn["confusion"]))
    assert {"attack\nn = 1,200", "handover\nn = 0"} <= set(texts(drawn["bars"]))
    assert any("ECE 0.020 over 300 cases" in text for text in texts(drawn["reliability"]))
    assert any("keeps 90%" in text for text in texts(drawn["risk"]))


def test_without_matplotlib_the_message_says_what_to_install(monkeypatch):
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    with pytest.raises(IraqCoalError, match=r"^plots need matplotlib: pip install 'iraqcoal-nlp\[plots\]'$"):
        plots.label_bars(LABELS, title="gold")
