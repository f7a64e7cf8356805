"""The order of training rows."""

from hypothesis import given
from hypothesis import strategies as st
from transformers import TrainerControl, TrainerState, TrainingArguments

from iraqcoal_nlp.training.sampling import LengthBatches


def order(lengths, *, batch_size=4, seed=1, epoch=0):
    sampler = LengthBatches(lengths, batch_size=batch_size, seed=seed)
    sampler.set_epoch(epoch)
    return list(sampler)


@given(st.lists(st.integers(1, 128), max_size=500), st.integers(1, 9))
def test_every_row_comes_once(lengths, batch_size):
    assert sorted(order(lengths, batch_size=batch_size)) == list(range(len(lengths)))


def test_an_epochs_order_follows_from_its_number_and_the_seed():
    lengths = [n % 60 for n in range(300)]
    assert order(lengths, epoch=2) == order(lengths, epoch=2)
    assert order(lengths, epoch=2) != order(lengths, epoch=1)
    assert order(lengths, seed=1) != order(lengths, seed=2)


def test_the_callback_tells_the_epoch_where_nothing_else_reaches_the_order():
    lengths = [n % 60 for n in range(300)]
    sampler = LengthBatches(lengths, batch_size=4, seed=1)
    sampler.on_epoch_begin(TrainingArguments(), TrainerState(epoch=2.4), TrainerControl())  # resumed inside an epoch
    assert list(sampler) == order(lengths, epoch=2)


def test_batches_are_of_like_length():
    lengths = [(n * 37) % 100 + 1 for n in range(803)]
    rows = order(lengths, batch_size=8)
    padded = sum(8 * max(lengths[row] for row in rows[at : at + 8]) for at in range(0, 800, 8))
    assert padded < 1.1 * sum(lengths)
