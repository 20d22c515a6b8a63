"""llama.cpp's HTTP server inside this process, for one model, on a free port of the loopback interface.

llama.cpp's own defaults suit a server of one's own: no key, any web page may ask, endless replies, 8 GB of prompt
cache, all cores. This module sets what suits a notebook. Measured with SmolLM2-135M on two cores in November 2026.
"""

from __future__ import annotations

import os
import secrets
from contextlib import suppress
from pathlib import Path
from typing import Any

from primer_nb.errors import LocalModelError, MissingDependencyError
from primer_nb.secret import Secret

# Two chats answer at the same time, each at half the speed, and each with its prompt cache: with one slot the second
# would wait up to 15 s for the first, and both would read their whole conversation again at every turn.
_SLOTS = 2
# A looping model ends; 13 s on one core.
_LONGEST_REPLY = 512
# More threads than this have nothing to share out in a model of 135 million weights.
_MOST_THREADS = 4
# Each open stream and each kept connection holds one; the default is a thread for each core of the machine.
_HTTP_THREADS = 8


class LlamaServer:
    """A running server; it stops with ``stop`` or when the process ends.

    Starting takes half a second, in which Python stands still (xllamacpp keeps the interpreter's lock).

    Parameters
    ----------
    path : Path
        The model's GGUF file.
    alias : str
        The model's name in requests.
    window : int
        Tokens a conversation may have, reply included; 23 kB of memory each.

    Raises
    ------
    MissingDependencyError
        If xllamacpp is not installed.
    LocalModelError
        If llama.cpp cannot load the model or listen.
    """

    def __init__(self, path: Path, *, alias: str, window: int) -> None:
        xllamacpp = import_llama()
        self.api_key = Secret("sk-local-" + secrets.token_urlsafe(32))
        settings = _settings(xllamacpp, path, alias=alias, window=window)
        settings.api_keys = [self.api_key.reveal()]
        try:
            self._server: Any = xllamacpp.Server(settings)
        except RuntimeError as error:
            raise LocalModelError(
                f"llama.cpp cannot start with {str(path)!r}; it needs 400 MB of free memory and a port on 127.0.0.1"
            ) from error
        # It listens before its loop runs, and forgets a stop that comes in between: the process would never end. One
        # token, 10 ms, proves that the loop runs.
        self._server.handle_completions({"prompt": "a", "n_predict": 1})
        self.base_url = f"{self._server.listening_address}/v1"

    def stop(self) -> None:
        """Stop the server and give its memory back; replies on their way break off. Idempotent."""
        self._server = None  # its destructor joins the threads, 0.1 s

    def __repr__(self) -> str:
        """Return one line without the key."""
        return f"{type(self).__name__}({self.base_url!r})"


def import_llama() -> Any:
    """Import llama.cpp.

    Returns
    -------
    module
        xllamacpp.

    Raises
    ------
    MissingDependencyError
        If it is not installed, or not for this machine.
    """
    try:
        import xllamacpp
    except ImportError as error:
        raise MissingDependencyError(
            f'the local model needs llama.cpp ({error}): pip install "primer-nb[local]"'
        ) from error
    return xllamacpp


def usable_cores(*, cgroup: Path = Path("/sys/fs/cgroup")) -> int:
    """Return how many cores this process may keep busy.

    Parameters
    ----------
    cgroup : Path, default /sys/fs/cgroup
        Where Linux shows the limits of a container.

    Returns
    -------
    int
        The least of the machine's cores, the process's affinity, JupyterHub's ``$CPU_LIMIT`` and the container's
        quota; at least 1.
    """
    limits = [float(len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1)]
    with suppress(KeyError, ValueError):
        limits.append(float(os.environ["CPU_LIMIT"]))
    for quota in (("cpu.max",), ("cpu/cpu.cfs_quota_us", "cpu/cpu.cfs_period_us")):
        with suppress(OSError, ValueError):  # not there, or the word "max"
            allowed, period = " ".join((cgroup / name).read_text() for name in quota).split()
            limits.append(float(allowed) / float(period))
    return max(1, int(min(limit for limit in limits if limit > 0)))


def _settings(xllamacpp: Any, path: Path, *, alias: str, window: int) -> Any:
    settings = xllamacpp.CommonParams()
    settings.model.path = str(path)
    settings.model_alias = {alias}
    settings.n_ctx = window * _SLOTS
    settings.n_parallel = _SLOTS
    settings.n_predict = _LONGEST_REPLY
    # The same answer every time, for examples and tests; a request may ask for another temperature.
    settings.sampling.temp = 0.0
    settings.sampling.seed = 1234
    # Of 20 plain questions 8 ended in a loop ("la femme, la femme, …"), with this 4.
    settings.sampling.penalty_repeat = 1.1
    # Its threads spin while they wait for each other: as many as cores is twice as fast on an idle machine and four
    # to ten times slower as soon as a browser, a kernel or a database runs beside it.
    threads = min(_MOST_THREADS, max(1, usable_cores() - 1))
    settings.cpuparams.n_threads = settings.cpuparams_batch.n_threads = threads
    settings.n_threads_http = _HTTP_THREADS
    # Between two batches it notices that a reply was closed, and the other chat gets a word. 2,048, its default, take
    # 10 s and more on a busy core; 256 take 1 s and the same time in all.
    settings.n_batch = settings.n_ubatch = 256
    # So often an open stream notices that the server is to stop; with the 30 s of its own a kernel hangs at its exit.
    settings.sse_ping_interval = 1
    settings.cache_ram_mib = 0
    settings.cors_origins = ""
    settings.ui = False
    settings.endpoint_slots = False
    settings.offline = True
    settings.verbosity = 0
    return settings
