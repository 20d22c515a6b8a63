"""What a user may write as the address of a store, and what it means.

A text that starts with ``postgres`` is a PostgreSQL URL, anything else names an SQLite file: the rule of both
documented systems. A password is never shown again.
"""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass, replace
from pathlib import Path

from sqlalchemy import URL, make_url
from sqlalchemy.exc import ArgumentError

from primer_nb.errors import InvalidInputError


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
    """

    url: URL
    pool: PoolSettings = PoolSettings()

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


def parse_address(text: str | Path) -> Address:
    """Understand the address of a store.

    Parameters
    ----------
    text : str or Path
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
    if not isinstance(text, str | Path) or not str(text).strip():
        raise InvalidInputError(
            f"{str(text)[:20]!r} ({type(text).__name__}) is no address of a database; "
            "give a file's path or a postgresql:// URL"
        )
    spelled = str(text).strip()
    if spelled.startswith("postgres"):
        return _postgresql(spelled)
    if spelled.startswith("sqlite:"):
        return Address(url=_parse(spelled))
    if "://" in spelled:
        scheme = spelled.split("://", 1)[0]
        raise InvalidInputError(
            f"{scheme}:// is not a database we know; give a file's path, sqlite:///file.db or postgresql://..."
        )
    name = spelled if spelled == ":memory:" else str(Path(spelled).expanduser().absolute())
    return Address(url=URL.create("sqlite", database=name))


def _parse(spelled: str) -> URL:
    try:
        return make_url(spelled)
    except (ArgumentError, ValueError):
        # from None: the driver's text repeats the URL, password included
        raise InvalidInputError(
            f"the database URL that begins with {spelled.split('://', 1)[0]!r} cannot be read; "
            "write it as scheme://user:password@host:port/name and percent-encode special characters of the password"
        ) from None


def _postgresql(spelled: str) -> Address:
    _, separator, rest = spelled.partition("://")
    if not separator:
        raise InvalidInputError("a PostgreSQL address is written postgresql://user:password@host:port/name")
    url = _parse(f"postgresql+psycopg://{rest}")
    pool = PoolSettings()
    for field in ("max_open", "max_idle", "lifetime"):
        value = url.query.get(f"pool_{field}")
        if value is not None:
            if not str(value).isdigit() or int(str(value)) < 1:
                raise InvalidInputError(f"pool_{field}={value!r} is not a whole number above 0")
            pool = replace(pool, **{field: int(str(value))})
    if pool.max_idle > pool.max_open:
        raise InvalidInputError(f"pool_max_idle={pool.max_idle} is more than pool_max_open={pool.max_open}")
    url = url.difference_update_query([f"pool_{field}" for field in ("max_open", "max_idle", "lifetime")])
    if not _is_this_machine(url) and "sslmode" not in url.query:
        mode = "verify-full" if "sslrootcert" in url.query else "require"
        url = url.update_query_dict({"sslmode": mode})
    return Address(url=url, pool=pool)


def _is_this_machine(url: URL) -> bool:
    host = url.host or str(url.query.get("host", ""))
    if host in {"", "localhost"} or host.startswith("/"):
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
