"""Makes the secrets that docker-compose.yml mounts: `python3 -m recovery.secret_files`."""

from pathlib import Path

from recovery.places import BASE, secret

NAMES = (
    "secret_key",
    "database_password",
    "web_password",
    "job_password",
    "valkey_password",
)


def make(folder: Path = BASE / "secrets") -> None:
    """One file a secret; none that exists is changed.

    Only the owner of the folder gets in. The files themselves are readable to all, because an
    engine mounts them as they are and the users inside the containers have other numbers.
    """
    folder.mkdir(mode=0o700, exist_ok=True)
    for name in NAMES:
        secret(folder / name)
        (folder / name).chmod(0o644)


if __name__ == "__main__":
    make()
