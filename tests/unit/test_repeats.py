"""Windows that come again: the same logits, computed once, in bounded memory."""

import sys
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

import iraqcoal_nlp as iq
from iraqcoal_nlp.model.backends.repeats import RepeatedWindows
from iraqcoal_nlp.scoring.chunks import ScoreOptions
from iraqcoal_nlp.scoring.engines import ModelChoice, local_engine
from iraqcoal_nlp.scoring.stream import score_files


class Network:
    """Gives each window logits of its own, and counts what it is asked for."""

    def __init__(self):
        self.asked = []

    def __call__(self, windows):
        self.asked += [tuple(window) for window in windows]
        rows = np.array([np.random.default_rng(list(window)).normal(size=7) for window in windows], dtype=np.float32)
        return rows[:, :3], rows[:, 3:]


def windows_of(count, *, start=0):
    return [(0, number, number % 7, 2) for number in range(start, start + count)]


def test_what_comes_again_has_the_same_bits_and_is_not_computed():
    network, repeated = Network(), RepeatedWindows(100)
    windows = windows_of(40)
    first = repeated.logits(windows, network)
    again = repeated.logits(windows[::-1] + windows_of(5, start=40), network)
    assert network.asked == windows_of(45)
    for one, other, alone in zip(first, again, Network()(windows), strict=True):
        assert one.tobytes() == alone.tobytes()
        assert other[:40][::-1].tobytes() == alone.tobytes()
        assert other.dtype == np.float32


def test_the_bound_holds_and_what_was_asked_for_longest_ago_goes_first():
    network, repeated = Network(), RepeatedWindows(10)
    old, young = windows_of(5), windows_of(5, start=5)
    repeated.logits(old, network)
    repeated.logits(young, network)
    repeated.logits(old, network)  # now the young ones are those not asked for longest
    repeated.logits(windows_of(5, start=10), network)
    assert len(repeated) == 10
    network.asked.clear()
    repeated.logits(old, network)
    assert network.asked == []
    repeated.logits(young, network)
    assert network.asked == young
    more = windows_of(50, start=100)
    stance, _ = repeated.logits(more, network)  # more at once than are kept
    assert len(repeated) == 10
    assert stance.tobytes() == Network()(more)[0].tobytes()


def test_a_window_takes_little_memory_however_long_it_is():
    repeated = RepeatedWindows(100)
    repeated.logits([tuple(range(number, number + 500)) for number in range(100)], Network())
    held = sum(sys.getsizeof(key) + sum(map(sys.getsizeof, value)) for key, value in repeated._kept.items())
    assert held / len(repeated) < 250


def test_threads_share_it():
    network, repeated = Network(), RepeatedWindows(20)
    batches = [windows_of(15, start=start % 30) for start in range(200)]
    with ThreadPoolExecutor(4) as pool:
        found = list(pool.map(lambda batch: repeated.logits(batch, network)[1], batches))
    for batch, events in zip(batches, found, strict=True):
        assert events.tobytes() == Network()(batch)[1].tobytes()
    assert len(repeated) == 20


@pytest.fixture(scope="module")
def repeating(tmp_path_factory, sentences):
    """A folder of articles that share most of their sentences."""
    folder = tmp_path_factory.mktemp("agencies")
    for number in range(6):
        (folder / f"{number}.txt").write_text("\n".join(sentences[number : number + 8]), "utf-8")
    return folder


def test_a_repeated_sentence_gets_the_row_that_it_gets_alone(sentences):
    remembering, plain = iq.load(threads=1, remember=5), iq.load(threads=1)
    again = [sentences[index] for index in (0, 1, 2, 0, 3, 4, 1, 0)]
    remembering.classify_sentences(again)
    rows = [remembering.classify_sentences([text])[0].to_dict() for text in again]
    assert rows == [plain.classify_sentences([text])[0].to_dict() for text in again]


def test_a_run_writes_the_same_bytes_whether_it_remembers_or_not(repeating, tmp_path):
    outs = []
    for remember in (0, 4, ModelChoice().remember):
        outs.append(tmp_path / f"{remember}.jsonl")
        engine = local_engine(ModelChoice(threads=1, remember=remember).load(), ScoreOptions())
        score_files([repeating], outs[-1], engine)
    assert len({out.read_bytes() for out in outs}) == 1
