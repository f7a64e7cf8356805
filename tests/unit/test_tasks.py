import pytest

from iraqcoal_nlp.benchmark.tasks import known_tasks, load_task
from iraqcoal_nlp.errors import RecipeError


@pytest.mark.parametrize("name", known_tasks())
def test_every_task_of_the_package_is_whole(name):
    task = load_task(name)
    assert task.name == name
    assert sum(task.weights()) == pytest.approx(1)
    assert task.licence
    assert task.citation
    assert not task.needs_data_root or task.url or name == "coalition.v1"
    assert all(0 < result.score < 1 and result.note for result in task.published)


def test_codes_of_the_quad_classes_are_those_of_the_counts_not_of_the_sources_readme():
    task = load_task("un-quadclass.v1")
    assert [task.labels[code] for code in "01234"] == [
        "irrelevant",
        "material_conflict",
        "material_cooperation",
        "verbal_conflict",
        "verbal_cooperation",
    ]


def test_a_score_of_one_label_weighs_it_alone():
    assert load_task("un-binary.v1").weights() == [0, 1]


def test_both_heads_weigh_alike():
    weights = load_task("seeds.v1").weights()
    assert sum(weights[:3]) == pytest.approx(sum(weights[3:]))


def declaration(**changes):
    lines = {
        "title": '"x"',
        "description": '"x"',
        "form": '"single"',
        "question": '"tone"',
        "main_score": '"macro_f1"',
        "licence": '"MIT"',
        "citation": '"x"',
        "url": '""',
        "files": '{ all = "x.jsonl" }',
        "columns": '{ text = "text", label = "label" }',
        "labels": '{ a = "a", b = "b" }',
        "split": '{ rule = "stratified", dev = 0.1, test = 0.1 }',
    } | changes
    return "\n".join(f"{name} = {value}" for name, value in lines.items() if value)


def test_a_task_of_ones_own_is_read(tmp_path):
    (tmp_path / "tone.v2.toml").write_text(declaration())
    assert load_task(str(tmp_path / "tone.v2.toml")).name == "tone.v2"


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"lables": '{ a = "a" }'}, "unknown setting 'lables'"),
        ({"licence": ""}, "setting 'licence' is missing"),
        ({"main_score": '"f1:c"'}, "main_score is 'f1:c'"),
        ({"form": '"triple"'}, "form is 'triple'"),
        ({"split": '{ rule = "random" }'}, "split.rule is 'random'"),
        ({"split": '{ rule = "stratified", dev = 0.6, test = 0.4 }'}, "must leave rows to train on"),
        ({"split": "{ seeds = 3 }"}, "unknown setting 'split.seeds'"),
        ({"labels": "{}"}, "a single task needs"),
    ],
)
def test_a_wrong_declaration_names_file_and_setting(tmp_path, changes, message):
    path = tmp_path / "tone.v1.toml"
    path.write_text(declaration(**changes))
    with pytest.raises(RecipeError, match=message) as caught:
        load_task(str(path))
    assert str(caught.value).startswith(str(path))


def test_an_unknown_task_tells_the_known_ones():
    with pytest.raises(RecipeError, match=r"known are ans-stance\.v1, coalition\.v1"):
        load_task("seeds")
