"""Run the fast tests with the lowest versions that pyproject.toml allows: ``python scripts/lowest.py``.

Makes a virtual environment, installs the project with its dev extra under constraints that turn every ``name>=X`` into
``name==X``, and runs ``pytest -m "not slow"``. The environment stays (``--env``), so that a second run starts at once.
``--print`` only prints the constraints. On Linux, the lowest torch comes with CUDA: some 6 GB on the disk.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import tomllib
from pathlib import Path

from packaging.requirements import Requirement

ROOT = Path(__file__).resolve().parents[1]


def lowest_constraints(pyproject: Path) -> list[str]:
    """Return ``name==X`` for every dependency of the project and of its extras that has a lower bound ``name>=X``."""
    project = tomllib.loads(pyproject.read_text(encoding="utf-8"))["project"]
    lists = [project["dependencies"], *project["optional-dependencies"].values()]
    bounds = {
        (requirement.name, bound.version)
        for requirement in map(Requirement, (line for group in lists for line in group))
        for bound in requirement.specifier
        if bound.operator == ">="
    }
    return [f"{name}=={version}" for name, version in sorted(bounds)]


def main() -> int:
    """Read the arguments, install, and test."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--env", type=Path, default=ROOT / "runs/lowest", help="folder of the virtual environment")
    parser.add_argument("--print", action="store_true", help="only print the constraints")
    parser.add_argument("tests", nargs="*", default=["-q", "-m", "not slow"], help="arguments for pytest, behind `--`")
    args = parser.parse_args()
    constraints = lowest_constraints(ROOT / "pyproject.toml")
    if args.print:
        print("\n".join(constraints))
        return 0
    python = args.env / "bin/python"
    listed = args.env / "constraints.txt"
    if not python.is_file():
        subprocess.run([sys.executable, "-m", "venv", str(args.env)], check=True)
    if not listed.is_file() or listed.read_text(encoding="utf-8").split() != constraints:
        listed.write_text("\n".join(constraints) + "\n", encoding="utf-8")
        install = [str(python), "-m", "pip", "install", "--quiet", "--constraint", str(listed), "-e", f"{ROOT}[dev]"]
        if code := subprocess.run(install, check=False).returncode:
            listed.unlink()
            return code
    return subprocess.run([str(python), "-m", "pytest", *args.tests], cwd=ROOT, check=False).returncode


if __name__ == "__main__":
    sys.exit(main())
