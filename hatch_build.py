"""Build hook: puts an SBOM of what the wheel itself carries into its ``.dist-info/sboms`` (PEP 770, CycloneDX 1.6).

The wheel bundles one thing that is not the library's own work: the model, made from a pretrained encoder. Each of its
files is named with its sha256. What pip installs beside the wheel differs from place to place; ``make sbom`` lists it
for one. The same sources give the same bytes: there is no time and no serial number in it.
"""

from __future__ import annotations

import json
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

MODEL = Path("models/iraqcoal-mini")
NAME = "iraqcoal-nlp.cdx.json"


def wheel_sbom(root: Path, *, version: str, requirements: Sequence[str]) -> dict[str, Any]:
    """Return the SBOM as CycloneDX.

    Args:
        root: The project.
        version: Of the library.
        requirements: What its metadata asks for.
    """
    manifest = json.loads((root / MODEL / "manifest.json").read_text(encoding="utf-8"))
    recipe = json.loads((root / MODEL / "evaluation.json").read_text(encoding="utf-8"))["recipe"]
    files = [
        {"type": "file", "name": name, "hashes": [{"alg": "SHA-256", "content": facts["sha256"]}]}
        for name, facts in sorted(manifest["files"].items())
    ]
    licence = [{"license": {"id": recipe["encoder_licence"]}}]
    encoder = {"type": "machine-learning-model", "name": recipe["encoder"], "licenses": licence}
    model = {
        "type": "machine-learning-model",
        "bom-ref": MODEL.name,
        "name": MODEL.name,
        "licenses": licence,
        "pedigree": {"ancestors": [encoder]},
        "components": files,
    }
    library = {
        "type": "library",
        "bom-ref": f"pkg:pypi/iraqcoal-nlp@{version}",
        "name": "iraqcoal-nlp",
        "version": version,
        "purl": f"pkg:pypi/iraqcoal-nlp@{version}",
        "licenses": [{"license": {"id": "Apache-2.0"}}],
        "properties": [{"name": "iraqcoal-nlp:requires", "value": line} for line in requirements],
    }
    return {
        "$schema": "http://cyclonedx.org/schema/bom-1.6.schema.json",
        "bomFormat": "CycloneDX",
        "specVersion": "1.6",
        "version": 1,
        "metadata": {"component": library},
        "components": [model],
        "dependencies": [{"ref": library["bom-ref"], "dependsOn": [model["bom-ref"]]}],
    }


class SbomHook(BuildHookInterface):  # type: ignore[type-arg]
    """Writes the SBOM beside the build, and names it to hatchling."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """See hatchling; ``version`` is the kind of wheel, not the library's version."""
        self._folder = tempfile.TemporaryDirectory()
        path = Path(self._folder.name, NAME)
        metadata = self.metadata
        sbom = wheel_sbom(Path(self.root), version=metadata.version, requirements=metadata.core.dependencies)
        path.write_text(json.dumps(sbom, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
        build_data["sbom_files"].append(str(path))

    def finalize(self, version: str, build_data: dict[str, Any], artifact_path: str) -> None:
        """Take away what :meth:`initialize` has written."""
        self._folder.cleanup()
