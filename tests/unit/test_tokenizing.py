"""Windows: every piece of a long sentence is read."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tokenizers import Tokenizer, models, pre_tokenizers, processors

from iraqcoal_nlp.errors import ModelFolderError
from iraqcoal_nlp.model.batching import length_batches, pad
from iraqcoal_nlp.model.tokenizing import OVERLAP, SentenceTokenizer


def tokenizer(max_length=64, **settings):
    vocab = {"[CLS]": 0, "[SEP]": 1, "[UNK]": 2, "ا": 3} | {f"w{i}": 4 + i for i in range(300)}
    words = Tokenizer(models.WordLevel(vocab, unk_token="[UNK]"))
    words.pre_tokenizer = pre_tokenizers.WhitespaceSplit()
    words.post_processor = processors.TemplateProcessing(
        single="[CLS] $A [SEP]", pair="[CLS] $A [SEP] $B [SEP]", special_tokens=[("[CLS]", 0), ("[SEP]", 1)]
    )
    return SentenceTokenizer(words, max_length=max_length, **settings)


@given(st.integers(0, 300))
def test_windows_cover_every_piece_in_order_and_overlap(n):
    (windows,) = tokenizer().windows([" ".join(f"w{i}" for i in range(n))])
    assert all(len(window) <= 64 and window[0] == 0 and window[-1] == 1 for window in windows)
    bodies = [window[1:-1] for window in windows]
    assert sorted({piece for body in bodies for piece in body}) == list(range(4, 4 + n))
    for one, other in pairwise(bodies):
        assert len(set(one) & set(other)) >= OVERLAP
        assert len(other) == 62
    assert len(windows) == 1 or n > 62


@given(st.integers(0, 300))
def test_a_query_goes_before_every_window_and_nothing_else_changes(n):
    text = " ".join(f"w{i}" for i in range(n))
    (plain,), (windows,) = tokenizer(61).windows([text]), tokenizer(64, query="w7 w8").windows([text])
    assert windows == [[0, 11, 12, 1, *window[1:]] for window in plain]


def test_a_window_too_small_is_refused():
    with pytest.raises(ModelFolderError, match="max_length 20 is too small: use at least 40"):
        tokenizer(20)
    with pytest.raises(ModelFolderError, match="max_length 40 is too small: use at least 46"):
        tokenizer(40, query="w1 w2 w3 w4 w5")


def test_a_file_that_is_no_tokenizer_is_refused(tmp_path):
    (tmp_path / "tokenizer.json").write_text("{}", "utf-8")
    with pytest.raises(ModelFolderError, match="cannot be read as a tokenizer"):
        SentenceTokenizer.from_file(tmp_path / "tokenizer.json", max_length=64)


@given(st.lists(st.integers(1, 500), max_size=60), st.integers(1, 2000))
def test_batches_hold_every_index_once_within_the_budget(lengths, budget):
    batches = list(length_batches(lengths, token_budget=budget))
    assert sorted(index for batch in batches for index in batch) == list(range(len(lengths)))
    assert all(len(batch) == 1 or len(batch) * max(lengths[i] for i in batch) <= budget for batch in batches)


def test_padding_is_masked():
    ids, mask = pad([[5, 6, 7], [8]], pad_id=9)
    assert ids.tolist() == [[5, 6, 7], [8, 9, 9]]
    assert mask.tolist() == [[1, 1, 1], [1, 0, 0]]
