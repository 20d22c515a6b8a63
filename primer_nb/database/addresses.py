"""What a user may write as the address of a store, and what it means.

A text that starts with ``postgres`` is a PostgreSQL URL, anything else names an SQLite file: the rule of both
documented systems. A password is never shown again, not even by a traceback with local variables.
"""

from __future__ import annotations

import contextlib
from dataclasses import dataclass, replace
from pathlib import Path
from typing import NoReturn, SupportsIndex

from sqlalchemy import URL, make_url
from sqlalchemy.exc import ArgumentError

from primer_nb.database.supabase import complaint
from primer_nb.database.url_parameters import secured, understood
from primer_nb.errors import InvalidInputError
from primer_nb.secret import Secret

SILENCE = 120
"""Seconds in which a PostgreSQL server that is waited for must send or take at least one byte.

What a backup asks in one statement is at most 5,000 messages or 4 MB. On the slowest disk that is sold with a server
(250 reads a second) they need at most 20,000 reads of index pages, 80 seconds.
"""

_OUR_SETTINGS = ("pool_max_open", "pool_max_idle", "pool_lifetime", "silence_timeout")


@dataclass(frozen=True, slots=True)
class PoolSettings:
    """How many PostgreSQL connections may be open, and for how long.

    The defaults are the documented ones of Quillium. They can be set in the address:
    ``postgresql://host/db?pool_max_open=10&pool_max_idle=2&pool_lifetime=60``.

    Parameters
    ----------
    max_open : int, default 25
        Most connections in use at once.
    max_idle : int, default 5
        Most connections kept when nobody uses them.
    lifetime : int, default 300
        Seconds after which a connection is replaced.
    """

    max_open: int = 25
    max_idle: int = 5
    lifetime: int = 300


@dataclass(frozen=True, slots=True)
class Address:
    """A parsed address of a store.

    Parameters
    ----------
    url : sqlalchemy.URL
        With driver, without our own pool settings.
    pool : PoolSettings
        Used by PostgreSQL only.
    silence : int, default 120
        Seconds after which a PostgreSQL server that says nothing is given up; a statement over a whole history may
        take five times as long. Set in the address: ``postgresql://host/db?silence_timeout=300``.
    """

    url: URL
    pool: PoolSettings = PoolSettings()
    silence: int = SILENCE

    @property
    def dialect(self) -> str:
        """Name the kind of database.

        Returns
        -------
        str
            ``"postgresql"`` or ``"sqlite"``.
        """
        return self.url.get_backend_name()

    @property
    def path(self) -> Path | None:
        """Find the file of an SQLite store.

        Returns
        -------
        Path or None
            ``None`` for PostgreSQL and for an SQLite store in memory.
        """
        name = self.url.database
        in_memory = name is None or name in {"", ":memory:"}
        return None if self.dialect != "sqlite" or in_memory else Path(str(name))

    @property
    def is_in_memory(self) -> bool:
        """Tell whether the store lives in this process only.

        Returns
        -------
        bool
            Whether nothing is left of it when it is closed.
        """
        return self.dialect == "sqlite" and self.path is None

    def __str__(self) -> str:
        """Return the address for people: the file's path, or the URL without its password."""
        return str(self.path or self.url.render_as_string(hide_password=True))

    def __reduce_ex__(self, protocol: SupportsIndex) -> NoReturn:
        """Refuse to be pickled or copied."""
        raise TypeError("an Address may hold a password and is neither pickled nor copied; pass the object itself")


Place = str | Path | Secret | Address
"""How the place of a store may be passed; as a secret, no frame of ours shows the password in it."""


def hidden(place: Place) -> Place:
    """Take the place of a store in a form that shows no password.

    Parameters
    ----------
    place : str, Path, Secret or Address
        As a user or a program gave it.

    Returns
    -------
    str, Secret or Address
        A URL comes back as a secret.

    Raises
    ------
    InvalidInputError
        If it is empty or no place at all.
    """
    if isinstance(place, Secret | Address):
        return place
    if not isinstance(place, str | Path) or not str(place).strip():
        raise InvalidInputError(
            f"{str(place)[:20]!r} ({type(place).__name__}) is no address of a database; "
            "give a file's path or a postgresql:// URL"
        )
    place = str(place).strip()
    return Secret(place) if "://" in place else place


def parse_address(place: Place) -> Address:
    """Understand the address of a store.

    Parameters
    ----------
    place : str, Path, Secret or Address
        ``postgres://``, ``postgresql://`` or ``postgresql+psycopg://`` URL, ``sqlite:///file.db``, ``:memory:`` or
        the path of a file.

    Returns
    -------
    Address
        Ready for an engine. A PostgreSQL server that is not on this machine gets ``sslmode=require`` unless the
        URL asks for more: libpq's own default falls back to plain text.

    Raises
    ------
    InvalidInputError
        If it is empty, not a URL, or names another kind of database.
    """
    place = hidden(place)
    if isinstance(place, Address):
        return place
    if isinstance(place, Secret):
        return _of_url(place)
    name = str(place)
    if name.startswith("postgres"):
        raise InvalidInputError("a PostgreSQL address is written postgresql://user:password@host:port/name")
    return Address(
        url=URL.create("sqlite", database=name if name == ":memory:" else str(Path(name).expanduser().absolute()))
    )


def _of_url(url: Secret) -> Address:
    scheme = url.reveal().split("://", 1)[0]
    if scheme.startswith("postgres"):
        return _postgresql(_parse(url).set(drivername="postgresql+psycopg"))
    if scheme.startswith("sqlite"):
        return Address(url=_parse(url))
    raise InvalidInputError(
        f"{scheme}:// is not a database we know; give a file's path, sqlite:///file.db or postgresql://..."
    )


def _parse(url: Secret) -> URL:
    with contextlib.suppress(ArgumentError, ValueError):  # their texts and frames hold the URL: we do not lead there
        return make_url(url.reveal())
    raise InvalidInputError(
        f"the database URL that begins with {url.reveal().split('://', 1)[0]!r} cannot be read; "
        "write it as scheme://user:password@host:port/name and percent-encode special characters of the password"
    )


def _postgresql(url: URL) -> Address:
    given = {name: _whole_number(url, name) for name in _OUR_SETTINGS if name in url.query}
    silence = given.pop("silence_timeout", SILENCE)
    pool = replace(PoolSettings(), **{name.removeprefix("pool_"): value for name, value in given.items()})
    if pool.max_idle > pool.max_open:
        raise InvalidInputError(f"pool_max_idle={pool.max_idle} is more than pool_max_open={pool.max_open}")
    url = secured(understood(url.difference_update_query(_OUR_SETTINGS)))
    if text := complaint(url):
        raise InvalidInputError(text)
    return Address(url=url, pool=pool, silence=silence)


def _whole_number(url: URL, name: str) -> int:
    value = str(url.query[name])
    if not value.isdigit() or int(value) < 1:
        raise InvalidInputError(f"{name}={value!r} is not a whole number above 0")
    return int(value)
