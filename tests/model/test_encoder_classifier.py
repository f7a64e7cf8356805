import re
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from sklearn.model_selection import cross_val_score
from transformers import TrainerCallback

from iraqcoal_nlp.codebook import EVENTS
from iraqcoal_nlp.errors import ModelFolderError, RecipeError
from iraqcoal_nlp.training.encoder_classifier import EncoderClassifier
from toy import toy_recipe, toy_rows

ROWS = toy_rows()
TEXTS = [row.text for row in ROWS]
STANCES = [row.stance for row in ROWS]


@pytest.fixture(scope="module")
def recipe(tiny_checkpoint):
    return replace(toy_recipe(tiny_checkpoint), epochs=4.0)


@pytest.fixture(scope="module")
def trained(recipe):
    return EncoderClassifier(recipe).fit(TEXTS, STANCES)


@pytest.mark.slow
def test_learns_labels_and_says_them_by_name(trained):
    assert (trained.predict(TEXTS) == STANCES).mean() > 0.95
    probs = trained.predict_proba(TEXTS[:7])
    np.testing.assert_allclose(probs.sum(axis=1), 1)
    assert list(trained.classes_) == sorted(set(STANCES))


@pytest.mark.slow
def test_saved_and_opened_it_says_the_same(trained, tmp_path, monkeypatch):
    trained.save(tmp_path)
    monkeypatch.chdir(tmp_path)
    for folder in (tmp_path, Path()):  # a folder without a name
        opened = EncoderClassifier.load(folder)
        np.testing.assert_array_equal(opened.predict_proba(TEXTS[:9]), trained.predict_proba(TEXTS[:9]))
    (tmp_path / "model.safetensors").unlink()
    with pytest.raises(ModelFolderError, match=r"model\.safetensors: cannot be read as safetensors"):
        EncoderClassifier.load(tmp_path)


@pytest.mark.slow
def test_several_labels_go_to_the_sigmoid_head(recipe):
    reported = np.array([[event in row.events for event in EVENTS] for row in ROWS])
    model = EncoderClassifier(replace(recipe, epochs=8.0)).fit(TEXTS, reported)
    assert (model.predict(TEXTS) == reported).mean() > 0.95


@pytest.mark.slow
def test_reads_pairs_and_tells_their_sides_apart(recipe):
    handover, demand = TEXTS[0], TEXTS[30]
    pairs = [(handover, demand), (demand, handover)] * 30
    model = EncoderClassifier(recipe).fit(pairs, ["first", "second"] * 30)
    assert model.predict(pairs[:2]).tolist() == ["first", "second"]


@pytest.mark.slow
def test_works_in_cross_validation(recipe):
    scores = cross_val_score(EncoderClassifier(replace(recipe, epochs=2.0)), TEXTS, STANCES, cv=2)
    assert len(scores) == 2


class Kill(TrainerCallback):
    """Ends the run in the middle of its last epoch, as a kill would."""

    def on_step_end(self, args, state, control, **_):
        if state.global_step == 30:
            raise KeyboardInterrupt


@pytest.mark.slow
def test_a_killed_run_ends_as_an_unbroken_one(recipe, tmp_path, monkeypatch, caplog):
    import iraqcoal_nlp.training.recipe_trainer as running

    monkeypatch.setattr(running, "_SAVE_EVERY", 10)
    short = replace(recipe, epochs=2.0)
    whole = EncoderClassifier(short).fit(TEXTS, STANCES)
    with monkeypatch.context() as patch:
        patch.setattr(running, "ProgressLines", Kill)
        with pytest.raises(KeyboardInterrupt):
            EncoderClassifier(short, checkpoints=tmp_path / "work").fit(TEXTS, STANCES)
    with caplog.at_level("INFO", "iraqcoal_nlp"):
        resumed = EncoderClassifier(short, checkpoints=tmp_path / "work").fit(TEXTS, STANCES)
    assert re.search(r"work/[0-9a-f]{16}/checkpoint-", caplog.text)  # else a run from the start would end the same
    np.testing.assert_allclose(resumed.predict_proba(TEXTS[:5]), whole.predict_proba(TEXTS[:5]), atol=1e-6)
    assert not (tmp_path / "work").exists()


@pytest.mark.slow
def test_another_training_set_takes_up_no_checkpoint(recipe, tmp_path, monkeypatch, caplog):
    import iraqcoal_nlp.training.recipe_trainer as running

    monkeypatch.setattr(running, "_SAVE_EVERY", 10)
    short, work = replace(recipe, epochs=2.0), tmp_path / "work"
    with monkeypatch.context() as patch:
        patch.setattr(running, "ProgressLines", Kill)
        with pytest.raises(KeyboardInterrupt):
            EncoderClassifier(short, checkpoints=work).fit(TEXTS, STANCES)
    (work / "notes.txt").write_text("kept", "utf-8")
    kept = sorted(path.name for path in work.iterdir())
    with caplog.at_level("INFO", "iraqcoal_nlp"):
        EncoderClassifier(short, checkpoints=work).fit(TEXTS[1:], STANCES[1:])
    assert "checkpoint-" not in caplog.text
    assert sorted(path.name for path in work.iterdir()) == kept


def test_half_a_surrogate_pair_is_read_and_an_untrained_head_refused(recipe):
    model = EncoderClassifier(replace(recipe, epochs=1.0)).fit(TEXTS[::30], STANCES[::30])
    assert np.isfinite(model.predict_proba(["قصف \ud83d القاعدة"])).all()
    with pytest.raises(RecipeError, match="epochs is 0: the head would stay untrained"):
        EncoderClassifier(replace(recipe, epochs=0.0, student_layers=1)).fit(TEXTS, STANCES)


def test_more_pieces_than_the_encoder_reads_are_refused(recipe):
    with pytest.raises(RecipeError, match=r"max_length is 512, but .* reads 128 pieces at once"):
        EncoderClassifier(replace(recipe, max_length=512)).fit(TEXTS[::30], STANCES[::30])


def test_more_pieces_than_a_model_of_ours_reads_are_refused(recipe):
    with pytest.raises(RecipeError, match=r"max_length is 1024, but 'iraqcoal-mini' reads \d+ pieces at once"):
        EncoderClassifier(replace(recipe, encoder="iraqcoal-mini", max_length=1024)).fit(TEXTS[::30], STANCES[::30])


def test_averages_of_the_weights_are_what_is_kept(recipe):
    fitted = [EncoderClassifier(replace(recipe, ema_decay=decay)).fit(TEXTS, STANCES) for decay in (0.0, 0.999)]
    probs = [model.predict_proba(TEXTS[:5]) for model in fitted]
    assert not np.allclose(probs[0], probs[1], rtol=0, atol=1e-6)
