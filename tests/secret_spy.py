"""In a kernel under test: writes down every secret that comes into being, for whoever looks for leaks afterwards."""

from __future__ import annotations

import json
import os
from pathlib import Path

_FILE = "PRIMER_TEST_SPY"


def install() -> None:
    """Note each `Secret` and each data key from now on, in a file that is no artefact; make Argon2 quick."""
    from argon2 import Parameters, Type

    from primer_nb.credentials import passwords
    from primer_nb.credentials.sealing import DataKey
    from primer_nb.secret import Secret

    file = Path(os.environ[_FILE])
    make_secret, make_data_key = Secret.__init__, DataKey.__init__

    def secret(self: Secret, value: str) -> None:
        make_secret(self, value)
        _note(file, text=value)

    def data_key(self: DataKey, material: bytes, *, kid: str) -> None:
        make_data_key(self, material, kid=kid)
        _note(file, material=material.hex())

    Secret.__init__, DataKey.__init__ = secret, data_key  # type: ignore[method-assign]
    passwords.cost = Parameters(
        type=Type.ID, version=19, salt_len=16, hash_len=32, time_cost=1, memory_cost=8, parallelism=1
    )


def noted(file: Path) -> list[str | bytes]:
    """Read what was noted, each once, oldest first."""
    found: dict[str | bytes, None] = {}
    for line in file.read_text(encoding="utf-8").splitlines():
        note = json.loads(line)
        found[note["text"] if "text" in note else bytes.fromhex(note["material"])] = None
    return list(found)


def _note(file: Path, **note: str) -> None:
    with file.open("a", encoding="utf-8") as opened:
        opened.write(json.dumps(note) + "\n")
