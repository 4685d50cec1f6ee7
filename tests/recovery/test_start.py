"""The small parts of the start: locks, translations, throw-away servers, who PostgreSQL runs as."""

import fcntl
import os
import re
import shutil
import signal
import subprocess
import sys
import threading
import tomllib
from pathlib import Path

import polib
import pytest

from recovery import children, translations, unroot
from recovery.children import Child
from recovery.places import BASE
from recovery.servers import Servers
from tests.recovery.running import OURS, environment, processes_of, until

LOCKS = ("requirements.lock", "requirements-test.lock")
NAME = re.compile(r"^([a-z0-9-]+)==(\S+)", re.MULTILINE)


def wanted_by(requirements: list[str]) -> set[str]:
    return {re.split(r"[\[<>=; ]", words)[0].lower() for words in requirements}


def test_the_locks_hold_what_pyproject_asks_for() -> None:
    project = tomllib.loads((BASE / "pyproject.toml").read_text())
    run, test = (dict(NAME.findall((BASE / name).read_text())) for name in LOCKS)
    assert wanted_by(project["project"]["dependencies"]) <= run.keys()
    assert wanted_by(project["dependency-groups"]["test"]) <= test.keys()
    assert run.items() <= test.items()


@pytest.mark.parametrize("name", LOCKS)
def test_every_locked_package_has_hashes_and_no_lock_names_a_registry(name: str) -> None:
    text = (BASE / name).read_text()
    assert "://" not in text
    assert "index" not in text
    for package in re.split(r"\n(?=\S)", text.strip()):
        assert "--hash=sha256:" in package


def test_a_stale_catalogue_is_compiled_and_a_fresh_one_is_left(tmp_path: Path) -> None:
    folder = tmp_path / "locale" / "en" / "LC_MESSAGES"
    folder.mkdir(parents=True)
    source = polib.POFile()
    source.metadata = {"Content-Type": "text/plain; charset=UTF-8"}
    source.append(polib.POEntry(msgid="登记投诉", msgstr="Register a complaint"))
    source.save(str(folder / "django.po"))
    assert translations.compile_stale(tmp_path) == 1
    assert polib.mofile(str(folder / "django.mo"))[0].msgstr == "Register a complaint"
    assert translations.compile_stale(tmp_path) == 0


def test_a_killed_test_run_leaves_no_server_and_its_folder_is_swept(
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    folder = tmp_path_factory.mktemp("k")  # a socket's path has its limit
    code = "import os, time, recovery.testing; print(os.environ['RECOVERY_STATE'], flush=True)"
    env = environment(folder, TMPDIR=str(folder))
    command = [sys.executable, "-c", f"{code}; time.sleep(60)"]
    first = subprocess.Popen(command, cwd=BASE, env=env, stdout=subprocess.PIPE, text=True)
    with first:
        assert first.stdout
        state = Path(first.stdout.readline().strip())
        first.send_signal(signal.SIGKILL)
    until(lambda: not processes_of(state), "servers are left")
    assert state.exists()
    subprocess.run([sys.executable, "-c", code], cwd=BASE, env=env, check=True)
    assert list(folder.glob("recovery-test-*")) == []


def test_what_a_killed_run_left_behind_is_ended_and_nothing_else(tmp_path: Path) -> None:
    ours = Child("ours", ["unshare", "--", "sleep", "60"])
    for child in (ours, Child("reused", ["python", "-m", "celery"])):
        with subprocess.Popen(["sleep", "60"]) as process:
            until(Path(f"/proc/{process.pid}/cmdline").read_bytes, "it never ran")
            children.remember(tmp_path, child, process.pid)
            # on Linux a dead parent takes its children along; this is for where it does not
            ender = threading.Thread(target=children.end_leftovers, args=[tmp_path])
            ender.start()
            if child is not ours:
                ender.join()
                assert process.poll() is None
                process.terminate()
            assert process.wait(10) == -signal.SIGTERM
            ender.join()
    assert list(tmp_path.iterdir()) == []


WAYS = {"namespace": "", "nobody": "1"} if os.geteuid() == 0 else {"plain": ""}


@pytest.mark.parametrize("way", WAYS)
def test_postgres_runs_whoever_starts_it(
    way: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in OURS:
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("RECOVERY_NO_NAMESPACE", WAYS[way])
    state = tmp_path / "state"
    state.mkdir()
    servers = Servers(state, durable=False)
    try:
        assert set(servers.start()) == {"DATABASE_URL", "REDIS_URL"}
        assert servers.alive()
    finally:
        servers.stop()
        shutil.rmtree(state)
        unroot.sweep()
    assert all(state != Path(f.read_text()) for f in unroot.SHELTER.glob("recovery-*/of"))


def test_what_a_gone_folder_left_in_the_shelter_is_swept(tmp_path: Path) -> None:
    for name, state in (("recovery-gone", tmp_path / "gone"), ("recovery-here", tmp_path)):
        (tmp_path / name / "pg").mkdir(parents=True)
        (tmp_path / name / "of").write_text(str(state))
    unroot.sweep(tmp_path)
    assert not (tmp_path / "recovery-gone").exists()
    assert (tmp_path / "recovery-here").exists()


def test_a_running_test_run_is_not_swept(tmp_path_factory: pytest.TempPathFactory) -> None:
    folder = tmp_path_factory.mktemp("r")
    theirs = folder / "recovery-test-theirs"
    theirs.mkdir()
    with (theirs / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        env = environment(folder, TMPDIR=str(folder))
        subprocess.run(
            [sys.executable, "-c", "import recovery.testing"], cwd=BASE, env=env, check=True
        )
    assert theirs.exists()
