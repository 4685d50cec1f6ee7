"""The two lock files, resolved anew from pyproject.toml: `python3 -m recovery.locks`."""

import subprocess
import sys

from recovery.bootstrap import uv
from recovery.places import BASE

PIN = ("--universal", "--generate-hashes", "--no-header", "--no-annotate", "--quiet")


def lock(*words: str, into: str) -> None:
    """Resolve into this file; what it pins stays unless pyproject.toml or --upgrade says so."""
    command = [uv(), "pip", "compile", "pyproject.toml", *PIN, *words, "-o", into]
    if subprocess.run(command, cwd=BASE).returncode:
        sys.exit(f"{into} was not written.")


def main(arguments: list[str]) -> None:
    """Lock what runs, then the same and what tests need; every package in it has its hashes."""
    lock(*arguments, into="requirements.lock")
    group = ("--group", "test", "--constraints", "requirements.lock")
    lock(*arguments, *group, into="requirements-test.lock")


if __name__ == "__main__":
    main(sys.argv[1:])
