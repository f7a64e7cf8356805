import pytest

from iraqcoal_nlp.benchmark.tasks import Split, known_tasks, load_task
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
        ({"main_score": '"a"'}, "main_score is 'a': use macro_f1, or f1: and one of the labels"),
        ({"main_score": "3"}, "main_score is 3: write a text in quotes"),
        ({"split": '{ rule = "stratified", dev = -0.1, test = 0.2 }'}, r"split\.dev is -0\.1: write a share"),
        ({"split": '{ rule = "stratified", test = true }'}, r"split\.test is True: write a number"),
        ({"split": '{ rule = "stratified", seed = 1.5 }'}, r"split\.seed is 1\.5: write a whole number"),
        ({"split": '"given"'}, "split is 'given': write a table"),
        ({"files": '["x.jsonl"]'}, r"files is \['x\.jsonl'\]: write a table of texts in quotes"),
        ({"files": "{ all = 3 }"}, "files is {'all': 3}: write a table of texts in quotes"),
        ({"files": '{ all = "" }'}, r"files\.all is '': write the name of a file in the data root"),
        ({"files": '{ all = "/x.jsonl" }'}, r"files\.all is '/x\.jsonl': write the name of a file in the data root"),
        ({"files": '{ all = "." }'}, r"files\.all is '\.': write the name of a file in the data root"),
        ({"files": '{ all = "news/a**b.jsonl" }'}, r"files\.all is 'news/a\*\*b\.jsonl': \*\* stands for folders"),
        (
            {"files": '{ train = "x.jsonl", tests = "y.jsonl" }'},
            r"unknown setting 'files\.tests': known are train, dev",
        ),
        ({"files": "{}"}, "files names nothing"),
        ({"columns": '{ text = "a", second = "b", label = "c" }'}, r"unknown setting 'columns\.second'"),
        ({"labels": '["a", "b"]'}, r"labels is \['a', 'b'\]: write a table"),
        ({"published": "{ score = 0.9 }"}, r"published is .*: write \[\[published\]\]"),
        ({"published": '[{ model = "x", score = "0.9" }]'}, r"published\.score is '0\.9': write a number"),
    ],
)
def test_a_wrong_declaration_names_file_and_setting(tmp_path, changes, message):
    path = tmp_path / "tone.v1.toml"
    path.write_text(declaration(**changes))
    with pytest.raises(RecipeError, match=message) as caught:
        load_task(str(path))
    assert str(caught.value).startswith(str(path))


PARTS = '{ train = "x.jsonl", test = "y.jsonl" }'


@pytest.mark.parametrize(("form", "rule"), [("annotations", "stratified"), ("single", "documents")])
def test_a_rule_that_the_form_does_not_follow_is_refused(tmp_path, form, rule):
    path = tmp_path / "tone.v1.toml"
    path.write_text(declaration(form=f'"{form}"', split=f'{{ rule = "{rule}", test = 0.1 }}', files='{ all = "*" }'))
    with pytest.raises(RecipeError, match=rf"split\.rule is '{rule}': form '{form}' is not divided so"):
        load_task(str(path))


@pytest.mark.parametrize(
    ("form", "rule", "files", "needed"),
    [
        ("single", "stratified", PARTS, "files.all alone"),
        ("single", "given", '{ all = "x.jsonl" }', "files.train and files.test"),
        ("single", "given", '{ train = "x.jsonl" }', "files.train and files.test"),
        ("annotations", "documents", '{ train = "x.jsonl" }', "files.all alone, or files.train and files.test"),
        ("annotations", "documents", '{ test = "x.jsonl" }', "files.all alone, or files.train and files.test"),
        ("annotations", "given", '{ all = "*", test = "x.jsonl" }', "files.all alone, or files.train and files.test"),
    ],
)
def test_files_that_the_split_cannot_divide_are_refused(tmp_path, form, rule, files, needed):
    path = tmp_path / "tone.v1.toml"
    path.write_text(declaration(form=f'"{form}"', split=f'{{ rule = "{rule}", test = 0.1 }}', files=files))
    with pytest.raises(RecipeError) as caught:
        load_task(str(path))
    assert f"form '{form}' with split.rule '{rule}' needs {needed}" in str(caught.value)


@pytest.mark.parametrize(("form", "rule"), [("single", "given"), ("annotations", "documents")])
def test_files_by_use_need_no_dev(tmp_path, form, rule):
    path = tmp_path / "tone.v1.toml"
    path.write_text(declaration(form=f'"{form}"', split=f'{{ rule = "{rule}" }}', files=PARTS))
    assert set(load_task(str(path)).files) == {"train", "test"}


def test_a_split_made_in_python_is_checked_too():
    with pytest.raises(RecipeError, match=r"split\.test is 1: write a share"):
        Split(rule="stratified", test=1)


def test_an_unknown_task_tells_the_known_ones():
    with pytest.raises(RecipeError, match=r"known are ans-stance\.v1, coalition\.v1"):
        load_task("seeds")
