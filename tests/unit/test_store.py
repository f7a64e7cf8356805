"""The model folder refuses what it cannot prove."""

import json
import os
import pickle

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
        ({"stance_temperature": float("nan")}, "a temperature is not above 0"),
        ({"events_temperature": float("inf")}, "a temperature is not above 0"),
        ({"max_length": "128"}, "max_length is '128'"),
        ({"max_length": 10**9}, r"max_length 1000000000 is outside \[1, 8192\]"),
        ({"name": 5}, "name is no short line"),
        ({"name": "m\n"}, "name is no short line"),
        ({"normalizer": "digits.v1"}, "normalizer is no list of names"),
        ({"normalizer": [["digits.v1"]]}, "normalizer is no list of names"),
        ({"colour": "blue"}, "colour"),
    ],
)
def test_settings_that_would_be_misread_are_refused(folder, changes, reason):
    change(folder, **changes)
    with pytest.raises(ModelFolderError, match=reason):
        ModelFolder.open(folder)


def set_entry(folder, name, facts):
    manifest = folder / "manifest.json"
    content = json.loads(manifest.read_text("utf-8"))
    content["files"][name] = facts
    manifest.write_text(json.dumps(content), "utf-8")


@pytest.mark.parametrize(
    "name", ["../secret", "..", "", ".", "/etc/passwd", "a/b", "a\\b", "C:x", "a\0b", ".hidden", "x" * 101, "a\n", "ا"]
)
@pytest.mark.parametrize("verify", [True, False])
def test_a_name_that_leaves_the_folder_is_refused(folder, name, verify):
    set_entry(folder, name, {"bytes": 1, "sha256": "0" * 64})
    with pytest.raises(ModelFolderError, match=r"manifest\.json: entry .* is not a plain file name"):
        ModelFolder.open(folder, verify=verify)


@pytest.mark.parametrize("facts", [None, "0", {}, {"sha256": 5}, {"sha256": "0"}])
def test_an_entry_without_a_hash_is_refused(folder, facts):
    set_entry(folder, "tokenizer.json", facts)
    with pytest.raises(ModelFolderError, match=r"entry 'tokenizer\.json' is not a plain file name with its sha256"):
        ModelFolder.open(folder, verify=False)


@pytest.mark.parametrize("content", ["", "[]", "{", '{"files": []}', "[" * 100_000, "\udcff"])
def test_a_manifest_that_is_none_is_one_clear_line(folder, content):
    (folder / "manifest.json").write_bytes(content.encode("utf-8", "surrogateescape"))
    with pytest.raises(ModelFolderError, match=r"manifest\.json: ") as caught:
        ModelFolder.open(folder)
    assert "\n" not in str(caught.value)


def test_a_file_the_manifest_does_not_list_is_never_read(folder):
    (folder / "model.onnx").write_bytes(b"")
    with pytest.raises(ModelFolderError, match=r"model\.onnx: is not in manifest\.json; take it out"):
        ModelFolder.open(folder)
    assert ModelFolder.open(folder, verify=False).file("model.onnx") is None
    (folder / "manifest.json").write_text('{"files": {}}', "utf-8")
    with pytest.raises(ModelFolderError, match=r"does not list iraqcoal\.json"):
        ModelFolder.open(folder)


def test_what_hubs_and_file_managers_leave_behind_may_stay(folder):
    (folder / ".gitattributes").write_text("", "utf-8")
    (folder / ".DS_Store").write_bytes(b"")
    (folder / ".cache").mkdir()
    assert ModelFolder.open(folder).settings == SETTINGS
    write_manifest(folder)
    assert ModelFolder.open(folder).settings == SETTINGS


@pytest.mark.parametrize("listed", [True, False])
@pytest.mark.parametrize("name", ["pytorch_model.bin", "training_args.bin", "head.PKL", "model.pt", "modeling.py"])
@pytest.mark.parametrize("verify", [True, False])
def test_a_file_that_can_run_code_is_refused_unopened(folder, name, listed, verify, tmp_path_factory):
    mark = tmp_path_factory.mktemp("mark") / "opened"

    class Trap:
        def __reduce__(self):
            return os.mkdir, (str(mark),)

    (folder / name).write_bytes(pickle.dumps(Trap()))
    if listed:
        write_manifest(folder)
    with pytest.raises(ModelFolderError, match=f"{name}: such a file can run code"):
        ModelFolder.open(folder, verify=verify)
    assert not mark.exists()


def test_a_folder_of_links_as_hubs_keep_it_is_read(folder, tmp_path_factory):
    hub = tmp_path_factory.mktemp("hub")
    (hub / "blobs").mkdir()
    snapshot = hub / "snapshots" / "0123abc"
    snapshot.mkdir(parents=True)
    for number, file in enumerate(sorted(folder.iterdir())):
        (hub / "blobs" / str(number)).write_bytes(file.read_bytes())
        (snapshot / file.name).symlink_to(f"../../blobs/{number}")
    assert ModelFolder.open(snapshot).settings == SETTINGS
    mirror = tmp_path_factory.mktemp("mirror")
    for file in folder.iterdir():
        (mirror / file.name).symlink_to(file)
    assert ModelFolder.open(mirror).settings == SETTINGS


@pytest.mark.parametrize("verify", [True, False])
@pytest.mark.parametrize("name", ["tokenizer.json", "iraqcoal.json", "manifest.json"])
def test_a_link_out_of_the_folder_is_refused(folder, name, verify, tmp_path_factory):
    outside = tmp_path_factory.mktemp("outside") / "secret"
    outside.write_bytes((folder / name).read_bytes())
    (folder / name).unlink()
    (folder / name).symlink_to(outside)
    with pytest.raises(ModelFolderError, match="is a link that leads out of the model folder"):
        ModelFolder.open(folder, verify=verify)


def test_a_link_that_leads_nowhere_is_missing(folder):
    (folder / "tokenizer.json").unlink()
    (folder / "tokenizer.json").symlink_to(folder / "tokenizer.json")
    with pytest.raises(ModelFolderError, match=r"tokenizer\.json: "):
        ModelFolder.open(folder)


@pytest.mark.parametrize(
    ("network", "reason"),
    [
        ({"stances": ["none", "favor", "against"]}, "head 'stance' has labels"),
        ({"events": ["attack"]}, "head 'events' has labels"),
        ({"events": 5}, r"config\.json: "),
        ({"auto_map": {"AutoModel": "modeling.Evil"}}, "sets auto_map, by which code could be loaded"),
        ({"encoder_config": {"auto_map": {}}}, "sets auto_map"),
        ({"encoder_config": {"attn_implementation": "someone/kernel"}}, "sets attn_implementation"),
        ({"quantization_config": {"load_in_4bit": True}}, "sets quantization_config"),
        ([], "must hold a JSON object"),
    ],
)
def test_a_network_of_other_labels_or_with_code_of_its_own_is_refused(folder, network, reason):
    (folder / "config.json").write_text(json.dumps(network), "utf-8")
    write_manifest(folder)
    with pytest.raises(ModelFolderError, match=reason):
        ModelFolder.open(folder)


def test_torch_weights_need_their_configuration(folder):
    (folder / "model.safetensors").write_bytes(b"")
    write_manifest(folder)
    with pytest.raises(ModelFolderError, match=r"does not list config\.json"):
        ModelFolder.open(folder)


def test_no_folder_and_no_manifest_are_said(tmp_path):
    with pytest.raises(ModelFolderError, match="no such model folder"):
        ModelFolder.open(tmp_path / "none")
    with pytest.raises(ModelFolderError, match=r"is no model folder, it has no manifest\.json"):
        ModelFolder.open(tmp_path)
