"""Dependencies: their bounds are lower and upper, and their licences bind nobody."""

import json
import subprocess
import sys
import tomllib
from importlib import util

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from conftest import ROOT
from iraqcoal_nlp.model.manifest import MANIFEST, file_sha256

PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
USED = [
    *PROJECT["dependencies"],
    *(line for extra in ("train", "peft", "plots", "web", "ray") for line in PROJECT["optional-dependencies"][extra]),
]


def script(name, folder="scripts"):
    spec = util.spec_from_file_location(name, ROOT / folder / f"{name}.py")
    module = util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.mark.parametrize("line", USED)
def test_a_dependency_has_a_lowest_version_and_an_end(line):
    assert {bound.operator for bound in Requirement(line).specifier} == {">=", "<"}


def test_the_lowest_versions_are_those_of_pyproject():
    constraints = script("lowest").lowest_constraints(ROOT / "pyproject.toml")
    for line in USED:
        (lowest,) = (bound.version for bound in Requirement(line).specifier if bound.operator == ">=")
        assert f"{Requirement(line).name}=={lowest}" in constraints


@pytest.mark.parametrize("line", USED)
def test_the_list_of_licences_names_every_dependency(line):
    assert f"\n| {canonicalize_name(Requirement(line).name)} | " in (ROOT / "docs/licences.md").read_text("utf-8")


def test_no_dependency_is_under_the_gpl():
    check = subprocess.run([sys.executable, ROOT / "scripts/licences.py", "--check"], capture_output=True, check=False)
    assert check.returncode == 0, check.stdout.decode()


@pytest.mark.parametrize(
    ("text", "copyleft"),
    [
        ("GPL", True),
        ("LGPL-2.1-or-later", True),
        ("GNU Affero General Public License v3", True),
        ("MIT AND GPL-2.0-only", True),
        ("GPL-2.0-only OR MIT", False),
        ("BSD-3-Clause AND GPL-3.0-or-later WITH GCC-exception-3.1", False),
        ("Mozilla Public License 2.0 (MPL 2.0)", False),
        ("Apache-2.0 AND CNRI-Python", False),
    ],
)
def test_a_licence_that_binds_is_known(text, copyleft):
    assert script("licences").is_copyleft(text) is copyleft


def test_the_sbom_of_the_wheel_names_the_model_its_origin_and_every_file():
    sbom = script("hatch_build", ".").wheel_sbom(ROOT, version="1.2.3", requirements=PROJECT["dependencies"])
    (model,) = sbom["components"]
    assert {file["name"]: file["hashes"][0]["content"] for file in model["components"]} == {
        file.name: file_sha256(file) for file in (ROOT / "models/iraqcoal-mini").iterdir() if file.name != MANIFEST
    }
    assert model["licenses"] == [{"license": {"id": "MIT"}}]
    assert "multilingual-e5-small" in model["pedigree"]["ancestors"][0]["name"]
    assert sbom["metadata"]["component"]["purl"] == "pkg:pypi/iraqcoal-nlp@1.2.3"
    schema = pytest.importorskip("cyclonedx.validation.json")
    validator = schema.JsonStrictValidator(pytest.importorskip("cyclonedx.schema").SchemaVersion.V1_6)
    assert validator.validate_str(json.dumps(sbom)) is None
