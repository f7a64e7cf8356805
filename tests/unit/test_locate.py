"""Where a model is looked for, and what a hub is asked."""

import pytest
from huggingface_hub.errors import LocalEntryNotFoundError, RemoteEntryNotFoundError

from iraqcoal_nlp.errors import ModelFolderError
from iraqcoal_nlp.model.locate import locate_model


@pytest.mark.parametrize(
    ("error", "told"),
    [
        (RemoteEntryNotFoundError, "owner/name: has no manifest.json, so it is no model of this library"),
        (LocalEntryNotFoundError, "the hub does not have it or cannot be reached"),
    ],
)
def test_of_what_is_no_model_nothing_is_downloaded(monkeypatch, error, told):
    def refuse(name, file):
        assert (name, file) == ("owner/name", "manifest.json")
        raise error.__new__(error)

    monkeypatch.setattr("huggingface_hub.hf_hub_download", refuse)
    monkeypatch.setattr("huggingface_hub.snapshot_download", lambda name: pytest.fail("downloaded whole"))
    with pytest.raises(ModelFolderError, match=told):
        locate_model("owner/name")
