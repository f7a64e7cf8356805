"""The model folder refuses what it cannot prove."""

import json

import pytest

from iraqcoal_nlp.errors import ModelFolderError
from iraqcoal_nlp.model.store import FORMAT_VERSION, ModelFolder, ModelSettings, write_manifest, write_settings

SETTINGS = ModelSettings(name="m", normalizer=("digits.v1",), max_length=64, event_thresholds=(0.5, 0.4, 0.3, 0.2))


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "tokenizer.json").write_text("{}", "utf-8")
    (tmp_path / "README.md").write_text("card", "utf-8")
    write_settings(tmp_path, SETTINGS)
    write_manifest(tmp_path)
    return tmp_path


def change(folder, **changes):
    path = folder / "iraqcoal.json"
    path.write_text(json.dumps(json.loads(path.read_text("utf-8")) | changes), "utf-8")
    write_manifest(folder)


def test_settings_come_back_as_they_were_saved(folder):
    assert ModelFolder.open(folder).settings == SETTINGS


def test_the_id_changes_with_what_changes_predictions_and_only_then(folder):
    first = ModelFolder.open(folder).model_id
    assert first.startswith("m@")
    assert len(first) == len("m@") + 12
    (folder / "README.md").write_text("a better card", "utf-8")
    write_manifest(folder)
    assert ModelFolder.open(folder).model_id == first
    change(folder, stance_temperature=2.0)
    assert ModelFolder.open(folder).model_id != first


def test_a_changed_or_missing_file_is_found(folder):
    (folder / "tokenizer.json").write_text("[]", "utf-8")
    with pytest.raises(ModelFolderError, match=r"tokenizer\.json: differs from the manifest"):
        ModelFolder.open(folder)
    assert ModelFolder.open(folder, verify=False).settings == SETTINGS
    (folder / "tokenizer.json").unlink()
    with pytest.raises(ModelFolderError, match="named in the manifest but missing"):
        ModelFolder.open(folder)


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"format_version": FORMAT_VERSION + 1}, "Upgrade iraqcoal-nlp"),
        ({"format_version": None}, "names no format_version"),
        ({"stances": ["against", "favor", "none"]}, "head 'stance' has labels"),
        ({"event_thresholds": [0.5]}, "1 thresholds for 4 events"),
        ({"event_thresholds": [0.5, 0.5, 0.5, 5]}, "a threshold is outside"),
        ({"event_thresholds": 5}, r"iraqcoal\.json: "),
        ({"stance_temperature": 0}, "a temperature is not above 0"),
        ({"max_length": "128"}, "max_length is '128'"),
        ({"colour": "blue"}, "colour"),
    ],
)
def test_settings_that_would_be_misread_are_refused(folder, changes, reason):
    change(folder, **changes)
    with pytest.raises(ModelFolderError, match=reason):
        ModelFolder.open(folder)


def test_a_name_that_leaves_the_folder_is_refused(folder):
    manifest = folder / "manifest.json"
    content = json.loads(manifest.read_text("utf-8"))
    content["files"]["../secret"] = {"sha256": "0"}
    manifest.write_text(json.dumps(content), "utf-8")
    with pytest.raises(ModelFolderError, match="not a plain file name"):
        ModelFolder.open(folder, verify=False)


def test_a_file_the_manifest_does_not_list_is_never_read(folder):
    (folder / "model.onnx").write_bytes(b"")
    assert ModelFolder.open(folder).file("model.onnx") is None
    (folder / "manifest.json").write_text('{"files": {}}', "utf-8")
    with pytest.raises(ModelFolderError, match=r"does not list iraqcoal\.json"):
        ModelFolder.open(folder)


def test_a_folder_of_links_as_hubs_keep_it_is_read(folder, tmp_path_factory):
    links = tmp_path_factory.mktemp("links")
    for file in folder.iterdir():
        (links / file.name).symlink_to(file)
    assert ModelFolder.open(links).settings == SETTINGS


def test_no_folder_and_no_manifest_are_said(tmp_path):
    with pytest.raises(ModelFolderError, match="no such model folder"):
        ModelFolder.open(tmp_path / "none")
    with pytest.raises(ModelFolderError, match=r"is no model folder, it has no manifest\.json"):
        ModelFolder.open(tmp_path)
