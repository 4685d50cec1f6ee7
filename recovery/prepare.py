"""The step of `up` between servers and web: catalogues, tables, static files, the first data."""

import io
import sys
from pathlib import Path

import django
from django.contrib.auth import get_user_model
from django.core.management import call_command

from recovery import static_files, translations
from recovery.local import SIGN_INS_FILE
from recovery.places import state_folder


def main(arguments: list[str]) -> None:
    """Make the house ready to serve; running it twice does no harm."""
    django.setup()
    translations.compile_stale()
    call_command("migrate", verbosity=0, interactive=False)
    static_files.collect_stale()
    sign_ins = state_folder() / SIGN_INS_FILE
    sign_ins.unlink(missing_ok=True)
    if "--no-demo" in arguments:
        _first_administrator()
    else:
        _demo(sign_ins)


def _demo(sign_ins: Path) -> None:
    call_command("demo", "--firm")
    text = io.StringIO()
    call_command("demo", "--sign-ins", stdout=text)
    sign_ins.write_text(text.getvalue())


def _first_administrator() -> None:
    if get_user_model()._default_manager.exists():
        return
    if sys.stdin.isatty():
        call_command("create_administrator")
    else:
        print("There is nobody who could sign in: run python3 manage.py create_administrator")


if __name__ == "__main__":
    try:
        main(sys.argv[1:])
    except KeyboardInterrupt:
        sys.exit(130)
