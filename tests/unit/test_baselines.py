import numpy as np
import pytest
import skops.io
from sklearn.base import clone
from sklearn.exceptions import SkipTestWarning
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import f1_score
from sklearn.model_selection import cross_val_score
from sklearn.utils import estimator_checks as checks

from iraqcoal_nlp.codebook import EVENTS
from iraqcoal_nlp.errors import ModelFolderError
from iraqcoal_nlp.evaluation.baselines import KeywordClassifier, TfidfClassifier, load_estimator, save_estimator
from iraqcoal_nlp.evaluation.baselines.keyword import shipped_rules
from iraqcoal_nlp.evaluation.baselines.tfidf import TfidfFeatures
from toy import toy_rows

ROWS = toy_rows()
TEXTS = [row.text for row in ROWS]
STANCES = [row.stance for row in ROWS]
REPORTED = np.array([[event in row.events for event in EVENTS] for row in ROWS])

# What scikit-learn asks of an estimator without feeding it numbers.
OF_ANY_INPUT = (
    checks.check_estimator_cloneable,
    checks.check_estimator_tags_renamed,
    checks.check_valid_tag_types,
    checks.check_estimator_repr,
    checks.check_no_attributes_set_in_init,
    checks.check_parameters_default_constructible,
    checks.check_get_params_invariance,
    checks.check_set_params,
    checks.check_mixin_order,
    checks.check_do_not_raise_errors_in_init_or_set_params,
)


def classifiers():
    return [TfidfClassifier(), TfidfClassifier("svm"), KeywordClassifier(shipped_rules("stance"))]


@pytest.mark.parametrize("check", OF_ANY_INPUT, ids=lambda check: check.__name__)
@pytest.mark.parametrize("estimator", classifiers(), ids=["logreg", "svm", "keyword"])
def test_passes_the_checks_of_scikit_learn_that_feed_no_numbers(estimator, check):
    check(type(estimator).__name__, clone(estimator))


@pytest.mark.parametrize("estimator", classifiers(), ids=["logreg", "svm", "keyword"])
def test_says_that_it_reads_texts(estimator):
    with pytest.warns(SkipTestWarning, match="requires input"):
        checks.check_estimator(estimator)
    with pytest.raises(ValueError, match="list of strings"):
        estimator.fit(np.ones((4, 3)), ["a", "b", "a", "b"])


@pytest.mark.parametrize("kind", ["logreg", "svm"])
def test_cross_validates_and_learns(kind):
    assert cross_val_score(TfidfClassifier(kind), TEXTS, STANCES, scoring="f1_macro", cv=3).min() > 0.8


@pytest.mark.parametrize("kind", ["logreg", "svm"])
def test_several_labels_have_probabilities_of_their_own(kind):
    model = TfidfClassifier(kind).fit(TEXTS, REPORTED)
    probs = model.predict_proba(TEXTS)
    assert probs.shape == REPORTED.shape
    assert ((probs >= 0) & (probs <= 1)).all()
    assert f1_score(REPORTED, model.predict(TEXTS), average="macro") > 0.95


@pytest.mark.parametrize("labels", [STANCES, REPORTED], ids=["one", "several"])
@pytest.mark.parametrize("kind", ["logreg", "svm", "keyword"])
def test_saved_and_opened_it_says_the_same(tmp_path, kind, labels):
    question = "events" if labels is REPORTED else "stance"
    model = KeywordClassifier(shipped_rules(question)) if kind == "keyword" else TfidfClassifier(kind)
    model.fit(TEXTS, labels)
    save_estimator(model, tmp_path / "model.skops")
    again = load_estimator(tmp_path / "model.skops")
    np.testing.assert_array_equal(model.predict_proba(TEXTS), again.predict_proba(TEXTS))
    assert again.n_parameters == model.n_parameters


@pytest.mark.filterwarnings("ignore:Label not 0 is present")
def test_a_label_that_no_row_has_counts_no_weights():
    reported = np.asarray(REPORTED).copy()
    whole = TfidfClassifier().fit(TEXTS, reported).n_parameters
    reported[:, 0] = 0
    assert TfidfClassifier().fit(TEXTS, reported).n_parameters == whole * (reported.shape[1] - 1) // reported.shape[1]


class Strange(LogisticRegression):
    """A type that no baseline is made of."""


def test_what_is_not_ours_is_not_opened(tmp_path):
    skops.io.dump(Strange(), tmp_path / "strange.skops")
    with pytest.raises(ModelFolderError, match=r"was not opened: it holds .*Strange"):
        load_estimator(tmp_path / "strange.skops")
    (tmp_path / "broken.skops").write_text("no archive")
    with pytest.raises(ModelFolderError, match="cannot be read as an estimator"):
        load_estimator(tmp_path / "broken.skops")


def test_the_order_of_a_pair_changes_nothing():
    pairs = list(zip(TEXTS[:40], TEXTS[40:80], strict=True))
    features = TfidfFeatures().fit(pairs)
    turned = [(second, first) for first, second in pairs]
    assert abs(features.transform(pairs) - features.transform(turned)).max() < 1e-12


def test_a_pair_of_equal_texts_differs_in_nothing():
    features = TfidfFeatures().fit([(text, text) for text in TEXTS])
    vectors = features.transform([(TEXTS[0], TEXTS[0])])
    half = vectors.shape[1] // 2
    assert vectors[:, :half].nnz > 0
    assert abs(vectors[:, half:]).sum() == 0


def test_one_label_alone_is_refused():
    with pytest.raises(ValueError, match="all 3 texts have one label"):
        TfidfClassifier().fit(TEXTS[:3], ["none"] * 3)


@pytest.mark.parametrize(
    ("text", "event"),
    [
        ("طالب البرلمان العراقي بإخراج القوات الأجنبية", "withdrawal_demand"),
        ("وطالبت كتل نيابية، في بيان لها اليوم، بانسحاب القوات", "withdrawal_demand"),
        ("سقوط صواريخ كاتيوشا قرب السفارة", "attack"),
        ("فاستُهدفت القاعدة بثلاث قذائف", "attack"),
        ("التحالف يعلّق مهام التدريب", "suspension"),
        ("القوات العراقية تتسلّم معسكر بسماية", "handover"),
    ],
)
def test_rules_know_prefixes_endings_and_spellings(text, event):
    model = KeywordClassifier(shipped_rules("events")).fit(TEXTS, REPORTED)
    probs = model.predict_proba([text, "زار الوزير مدرسة في المدينة"])
    place = EVENTS.index(event)
    assert probs[0, place] > 0.5 > probs[1, place]


def test_rules_of_every_question_stand_in_the_order_of_its_labels():
    assert tuple(shipped_rules("events")) == EVENTS
    assert shipped_rules("agreement") is None
