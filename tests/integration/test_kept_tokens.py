"""What keeps somebody signed in survives a kill, serves several kernels, and is for its owner's eyes only."""

from __future__ import annotations

import os
import stat
import subprocess
import sys
import time
from contextlib import contextmanager
from pathlib import Path

import pytest

from primer_nb import paths
from primer_nb.credentials import private_files
from primer_nb.credentials.kept_tokens import KeptToken, has_kept_token, kept_token
from primer_nb.errors import StoreBusyError, StoreFullError, StoreReadOnlyError
from primer_nb.secret import Secret

PLACE = "sqlite:///a.db postgresql://ada:geheim@example.org/b"


class Killed(BaseException):
    """Stands for a kill at one moment."""


def write(number, *, following=False, place=PLACE):
    """Keep a token that is told by a number."""
    with kept_token(place) as keeper:
        keeper.write(
            KeptToken(
                current=Secret(f"pnbr_current{number}"),
                following=Secret(f"pnbr_following{number}") if following else None,
                user_id=f"user-{number}",
            )
        )


def read(place=PLACE):
    """Return what is kept as plain texts."""
    with kept_token(place) as keeper:
        kept = keeper.read()
    return kept and (kept.current.reveal(), kept.following and kept.following.reveal(), kept.user_id)


@contextmanager
def holding_process():
    """Let another process hold the lock until it is ended."""
    program = (
        "import sys, time; from primer_nb.credentials.kept_tokens import kept_token\n"
        "with kept_token(sys.argv[1]): print('held', flush=True); time.sleep(600)"
    )
    with subprocess.Popen([sys.executable, "-c", program, PLACE], stdout=subprocess.PIPE) as process:
        assert process.stdout.readline() == b"held\n"
        yield process
        process.kill()


def files():
    return sorted(path for path in paths.data_dir().iterdir() if path.suffix != ".lock")


def test_nothing_is_kept_at_first():
    assert not has_kept_token(PLACE)
    assert read() is None


@pytest.mark.parametrize("following", [True, False])
def test_what_is_kept_is_read_again(following):
    write(1, following=following)

    assert has_kept_token(PLACE)
    assert read() == ("pnbr_current1", "pnbr_following1" if following else None, "user-1")


def test_a_later_token_takes_the_place_of_the_earlier():
    write(1, following=True)
    write(2)

    assert read() == ("pnbr_current2", None, "user-2")
    assert len(files()) == 1


def test_each_pair_of_stores_has_its_own():
    write(1, place="a b")
    write(2, place="a c")

    assert read("a b")[2] == "user-1"
    assert read("a c")[2] == "user-2"
    assert not has_kept_token("a")


def test_forgetting_leaves_no_token_on_the_disk():
    write(1)
    with pytest.MonkeyPatch.context() as patch, pytest.raises(Killed):
        patch.setattr(Path, "replace", kill)
        write(2)

    with kept_token(PLACE) as keeper:
        keeper.forget()
        keeper.forget()

    assert not has_kept_token(PLACE)
    assert files() == []


@pytest.mark.parametrize("umask", [0o000, 0o022, 0o077, 0o777])
def test_only_the_owner_may_read_the_files_whatever_the_umask(umask):
    paths.data_dir()
    before = os.umask(umask)
    try:
        write(1)
        write(2)
    finally:
        os.umask(before)

    modes = {path.suffix: stat.S_IMODE(path.stat().st_mode) for path in paths.data_dir().iterdir()}
    assert modes == {".json": 0o600, ".lock": 0o600}
    assert stat.S_IMODE(paths.data_dir().stat().st_mode) == 0o700


def test_no_name_of_a_file_tells_the_address_of_a_store():
    write(1)

    assert "geheim" not in " ".join(map(str, paths.data_dir().iterdir()))
    assert "geheim" not in files()[0].read_text()


@pytest.mark.parametrize(
    "damaged",
    [
        b"",
        b"\x00" * 200,
        b"\xff\xfe",
        b"{",
        b"[" * 100_000,
        b"[]",
        b"null",
        b'"text"',
        b'{"user_id": "u", "current": "c"}',
        b'{"user_id": 1, "current": "c", "following": null}',
        b'{"user_id": "u", "current": "", "following": null}',
        b'{"user_id": "u", "current": "c", "following": " "}',
        b'{"user_id": "u", "current": "c", "following": 5}',
    ],
)
def test_a_damaged_file_reads_as_nothing_and_is_repaired_by_writing(damaged):
    write(1)
    files()[0].write_bytes(damaged)

    assert read() is None
    write(2)
    assert read()[2] == "user-2"


def test_a_file_cut_anywhere_reads_as_nothing():
    write(1, following=True)
    whole = files()[0].read_bytes()

    for length in range(len(whole)):
        files()[0].write_bytes(whole[:length])
        assert read() is None


def kill(*args, **kwargs):
    raise Killed


@pytest.mark.parametrize(
    ("holder", "name"), [(os, "open"), (os, "fsync"), (Path, "chmod"), (Path, "replace"), (Path, "unlink")]
)
def test_a_kill_at_any_step_leaves_the_earlier_token(monkeypatch, holder, name):
    write(1)
    (path,) = files()

    with monkeypatch.context() as patch, pytest.raises(Killed):
        patch.setattr(holder, name, kill)
        private_files.replace_file(path, content=Secret("half of a new to"))

    assert read()[2] == "user-1"
    write(2)
    assert read()[2] == "user-2"
    assert len(files()) == 1


@pytest.mark.parametrize(("number", "error"), [(28, StoreFullError), (30, StoreReadOnlyError)])
def test_a_file_that_cannot_be_written_is_said_and_leaves_the_earlier_token(monkeypatch, number, error):
    write(1)

    def fail(*args):
        raise OSError(number, "cannot")

    with monkeypatch.context() as patch, pytest.raises(error, match="signed-in-"):
        patch.setattr(os, "fsync", fail)
        write(2)

    assert read()[2] == "user-1"


def test_a_file_that_cannot_be_removed_is_said(monkeypatch):
    write(1)

    def fail(*args, **kwargs):
        raise PermissionError(13, "Permission denied")

    with monkeypatch.context() as patch, pytest.raises(StoreReadOnlyError, match="Permission denied"):
        patch.setattr(Path, "unlink", fail)
        with kept_token(PLACE) as keeper:
            keeper.forget()

    assert has_kept_token(PLACE)


def test_a_folder_that_cannot_be_written_is_said(monkeypatch):
    monkeypatch.setattr("filelock.FileLock", lambda *args, **kwargs: Unwritable())

    with pytest.raises(StoreReadOnlyError, match="set PRIMER_HOME"):
        read()


class Unwritable:
    """A lock in a folder that belongs to somebody else."""

    def acquire(self, timeout):
        raise PermissionError(13, "Permission denied")


def test_somebody_who_holds_it_for_too_long_is_named(monkeypatch):
    monkeypatch.setattr(private_files, "PATIENCE", 0.2)
    with holding_process():
        with pytest.raises(StoreBusyError, match="another kernel has held 'signed-in-"):
            read()
        assert not has_kept_token(PLACE)


def test_a_killed_kernel_holds_nothing():
    with holding_process() as process:
        process.kill()
        process.wait()

        write(1)

    assert read()[2] == "user-1"


COUNTING = """
import sys
from primer_nb.credentials.kept_tokens import KeptToken, kept_token
from primer_nb.secret import Secret
for _ in range(int(sys.argv[2])):
    with kept_token(sys.argv[1]) as keeper:
        kept = keeper.read()
        number = int(kept.user_id) + 1 if kept else 1
        keeper.write(KeptToken(Secret(f"current-{number}"), Secret(f"following-{number}" * 500), str(number)))
    print(number, flush=True)
"""


def counting(times):
    return subprocess.Popen([sys.executable, "-c", COUNTING, PLACE, str(times)], stdout=subprocess.PIPE)


def test_kernels_at_once_lose_no_turn():
    kernels = [counting(60) for _ in range(3)]

    for kernel in kernels:
        kernel.communicate()

    assert read()[2] == "180"


def test_a_token_is_whole_whenever_its_kernel_was_killed():
    for round_ in range(8):
        kernel = counting(1_000_000)
        first = kernel.stdout.readline()
        time.sleep(0.013 * round_)
        kernel.kill()
        output, _ = kernel.communicate()

        current, following, number = read()

        assert (current, following) == (f"current-{number}", f"following-{number}" * 500)
        said = (first + output).split(b"\n")[:-1]
        assert int(number) - int(said[-1]) in (0, 1)  # killed between keeping a token and saying so
