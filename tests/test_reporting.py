"""What stops a rule: said, kept in its log, and told by the exit code; a bug stays a bug."""

from __future__ import annotations

import errno
import signal
import subprocess
from pathlib import Path

import duckdb
import pytest

from leukocytosis.cli import main, reported, running
from leukocytosis.errors import LeukocytosisError, OutputError

WRITTEN = 'Could not write file "results/labs.parquet.part": No space left on device'


@pytest.mark.parametrize(
    ("failure", "words"),
    [
        (PermissionError(errno.EACCES, "", "results/a"), "results/a: permission denied"),
        (OSError(errno.EROFS, "", "results/a"), "results/a: read-only file system"),
        (OSError(errno.ENOSPC, ""), "results: no space left on device"),
        (duckdb.IOException(WRITTEN), "results: no space left on device"),
    ],
)
def test_what_cannot_be_written_has_its_own_code(
    failure: Exception, words: str, tmp_path: Path
) -> None:
    log = tmp_path / "logs/tiny.log"
    with pytest.raises(SystemExit) as ended, reported(str(log)):
        raise failure
    assert ended.value.code == OutputError.exit_code
    assert words in log.read_text() and "way out: " in log.read_text()
    assert (tmp_path / "logs/tiny.log.exit_code").read_text() == str(OutputError.exit_code)


def test_a_mistake_of_ours_is_no_mistake_of_the_users(tmp_path: Path) -> None:
    for failure in (FileNotFoundError(errno.ENOENT, "", "a"), duckdb.IOException("no such file")):
        with pytest.raises(type(failure)), reported(str(tmp_path / "tiny.log")):
            raise failure
    assert not (tmp_path / "tiny.log.exit_code").exists()


@pytest.mark.parametrize("folder", [".snakemake", "results"])
def test_a_checkout_nobody_may_write_in_is_said_before_anything_runs(
    folder: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def refuse(path: Path, **_: object) -> None:  # tests may run as root, who may do anything
        if path.name == folder:
            raise PermissionError(errno.EACCES, "Permission denied", str(path))

    monkeypatch.chdir(tmp_path)
    (tmp_path / ".snakemake").mkdir()
    monkeypatch.setattr(Path, "mkdir", refuse)
    assert main(["run", "granger2009", "tiny"]) == OutputError.exit_code
    assert f"{folder}: permission denied" in capsys.readouterr().err


def test_an_interrupt_lets_snakemake_end_its_jobs(tmp_path: Path) -> None:
    ended = tmp_path / "ended"
    script = f"trap 'sleep 1; touch {ended}; exit 3' INT; sleep 1; kill -INT $PPID $$; sleep 0.1"
    signal.signal(signal.SIGINT, signal.default_int_handler)
    with (tmp_path / "lock").open("w") as lock:
        assert running._wait_for(["bash", "-c", script], lock) == 3
    assert ended.exists()


def test_a_request_to_terminate_is_passed_on_as_an_interrupt(tmp_path: Path) -> None:
    ended = tmp_path / "ended"
    script = f"trap 'touch {ended}; exit 3' INT; sleep 1; kill -TERM $PPID; sleep 5 & wait"
    before = signal.getsignal(signal.SIGTERM)
    with (tmp_path / "lock").open("w") as lock:
        assert running._wait_for(["bash", "-c", script], lock) == 3
    assert ended.exists() and signal.getsignal(signal.SIGTERM) == before


def test_a_run_goes_on_alone_when_who_started_it_is_killed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    with running._alone() as lock:
        left = subprocess.Popen(["sleep", "60"], pass_fds=[lock.fileno()])
    try:  # our own hold is given up, as by a kill
        with pytest.raises(LeukocytosisError, match="another run is under way"), running._alone():
            pass
    finally:
        left.kill()
        left.wait()
    with running._alone():
        pass
