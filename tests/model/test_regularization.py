"""R-Drop, noise on embeddings and in spelling, averages of weights: what each does, and nothing where it is off."""

from dataclasses import replace

import pytest
import torch
from torch.nn.functional import kl_div, logsigmoid
from transformers import TrainerState

from iraqcoal_nlp.model.modeling import IraqCoalOutput
from iraqcoal_nlp.training.collator import Collator, SpellingCollator
from iraqcoal_nlp.training.consistency import disagreement, twice
from iraqcoal_nlp.training.encoders import build_model, load_tokenizer
from iraqcoal_nlp.training.epochs import DevRows
from iraqcoal_nlp.training.finetune import finetune, tokenize
from iraqcoal_nlp.training.optimization import AveragingAdamW, averaged_weights, build_optimizer, exchange_averages
from toy import toy_recipe, toy_rows, toy_splits

HEADS = ("stance", "events")


def output(seed: int) -> IraqCoalOutput:
    generator = torch.Generator().manual_seed(seed)
    return IraqCoalOutput(
        stance_logits=torch.randn(10, 3, generator=generator), event_logits=torch.randn(10, 4, generator=generator)
    )


def test_disagreement_is_the_mean_of_both_divergences():
    given = output(1)
    one, two = given.stance_logits.log_softmax(-1).chunk(2)
    stance = sum(kl_div(a, b, log_target=True, reduction="batchmean") for a, b in ((one, two), (two, one))) / 2
    both = torch.stack([logsigmoid(given.event_logits), logsigmoid(-given.event_logits)], dim=-1)
    one, two = both.chunk(2)
    events = sum((a.exp() * (a - b)).sum(-1).mean() for a, b in ((one, two), (two, one))) / 2
    assert disagreement(given, heads=HEADS, event_loss_weight=4.0) == pytest.approx(float(stance + 4 * events))
    assert disagreement(given, heads=("stance",), event_loss_weight=4.0) == pytest.approx(float(stance))
    assert disagreement(given, heads=("events",), event_loss_weight=1.0) == pytest.approx(float(events))


def test_equal_answers_do_not_disagree():
    half = output(2)
    same = IraqCoalOutput(**twice(half))
    assert same.stance_logits.shape == (20, 3)
    assert disagreement(same, heads=HEADS, event_loss_weight=4.0) == 0


def test_averages_follow_the_weights_and_change_places_with_them():
    weight = torch.nn.Parameter(torch.tensor([1.0, -2.0]))
    optimizer = AveragingAdamW([{"params": [weight], "lr": 0.1, "weight_decay": 0.0}], ema_decay=0.5)
    average, seen = None, []
    for step in range(1, 9):
        weight.grad = torch.tensor([1.0, float(step % 3)])
        optimizer.step()
        seen.append(weight.detach().clone())
        decay = min(0.5, (1 + step) / (10 + step))
        average = seen[-1] if average is None else decay * average + (1 - decay) * seen[-1]
    with averaged_weights(optimizer):
        assert torch.allclose(weight, average)
    assert weight.equal(seen[-1])
    resumed_weight = torch.nn.Parameter(weight.detach().clone())
    resumed = AveragingAdamW([{"params": [resumed_weight], "lr": 0.1, "weight_decay": 0.0}], ema_decay=0.5)
    resumed.load_state_dict(optimizer.state_dict())
    exchange_averages(resumed)
    assert torch.allclose(resumed_weight, average)


def test_averages_are_kept_only_where_asked_for(tiny_checkpoint):
    recipe = toy_recipe(tiny_checkpoint)
    model = build_model(recipe, [])
    assert not isinstance(build_optimizer(model, recipe), AveragingAdamW)
    assert isinstance(build_optimizer(model, replace(recipe, ema_decay=0.9)), AveragingAdamW)


def test_some_sentences_are_spelled_anew_in_each_epoch(tiny_checkpoint):
    recipe = replace(toy_recipe(tiny_checkpoint), spelling_noise=0.5)
    tokenizer = load_tokenizer(recipe)
    items = list(tokenize(recipe, toy_rows(), tokenizer))

    def batch(epoch: float, *, seed: int = 3, probability: float = 0.5):
        noisy = replace(recipe, spelling_noise=probability)
        collator = SpellingCollator(Collator(pad_id=0), noisy, tokenizer, seed=seed)
        collator.on_epoch_begin(None, TrainerState(epoch=epoch), None)
        given = collator(items)
        ids = [row[mask.bool()].tolist() for row, mask in zip(given["input_ids"], given["attention_mask"], strict=True)]
        return ids, given["event_labels"].tolist()

    clean = [item["input_ids"] for item in items]
    (first, labels), (second, _) = batch(0), batch(1)
    assert labels == [item["event_labels"] for item in items]
    assert 0.2 < sum(one != other for one, other in zip(first, clean, strict=True)) / len(items) < 0.6
    assert first != second != clean
    assert batch(1 - 1e-9)[0] == batch(1.5)[0] == second  # a resumed run begins inside an epoch
    assert batch(0, seed=4)[0] != first
    assert batch(0, probability=0.0)[0] == clean


@pytest.fixture
def run(tiny_checkpoint, tmp_path):
    """Train two epochs on the toy task, by recipe settings."""
    recipe, splits = replace(toy_recipe(tiny_checkpoint), epochs=2.0), toy_splits()
    tokenizer = load_tokenizer(recipe)
    dev = DevRows(recipe, tokenizer, splits.dev)

    def start(**settings):
        out = tmp_path / "-".join(settings)
        model, report = finetune(replace(recipe, **settings), splits.train, tokenizer, out, seed=3, dev=dev)
        return model, report, dev

    return start


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore")
def test_each_setting_changes_what_is_learned(run):
    plain = run()[0].events_head.weight
    others = [run(r_drop=2.0), run(embedding_noise=5.0), run(spelling_noise=0.5), run(ema_decay=0.9)]
    assert all(not plain.equal(model.events_head.weight) for model, *_ in others)
    assert all(not model.get_input_embeddings()._forward_hooks for model, *_ in others)


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("choice", ["best", "last"])
def test_the_averages_are_what_is_scored_and_what_is_kept(run, choice):
    model, report, dev = run(ema_decay=0.95, epoch_choice=choice)
    assert dev.score(model) == report.score


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore")
def test_r_drop_draws_two_answers_together(run):
    def apart(model):
        torch.manual_seed(1)
        ids = torch.arange(5, 45).reshape(4, 10)
        given = model.train()(**twice({"input_ids": ids, "attention_mask": torch.ones_like(ids)}))
        return float(disagreement(given, heads=HEADS, event_loss_weight=1.0))

    assert apart(run(r_drop=20.0)[0]) < apart(run()[0])
