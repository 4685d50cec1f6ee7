#!/usr/bin/env python3
"""The one command: `up` runs everything, `test` tests everything, all else is Django's."""

import os
import runpy
import sys

from recovery import bootstrap


def main() -> None:
    """Make the environment, then run one command in it."""
    command = sys.argv[1] if len(sys.argv) > 1 else "help"
    bootstrap.ensure("requirements-test.lock" if command == "test" else "requirements.lock")
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "recovery.settings")
    if command == "test":
        os.execv(sys.executable, [sys.executable, "-m", "pytest", *sys.argv[2:]])
    runpy.run_module("recovery.up" if command == "up" else "recovery.command", run_name="__main__")


if __name__ == "__main__":
    main()
