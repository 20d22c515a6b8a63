"""Care of both databases, as the user holds it."""

from __future__ import annotations

from dataclasses import asdict, fields
from typing import TYPE_CHECKING, Any

from primer_nb.use_cases import maintenance

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pandas as pd

    from primer_nb.session import Session


class Maintenance:
    """Vacuum, statistics, sizes and a check of the local store, and of the server if there is one.

    Parameters
    ----------
    session : Session
        With which stores.

    Examples
    --------
    >>> import primer_nb
    >>> with primer_nb.connect(":memory:") as ws:
    ...     len(ws.maintenance.check())
    0
    """

    def __init__(self, session: Session) -> None:
        self._session = session

    def __repr__(self) -> str:
        """Return one line."""
        return "<maintenance: vacuum(), analyze(), sizes(), check()>"

    def vacuum(self) -> pd.DataFrame:
        """Give back the room that deleted rows took.

        Returns
        -------
        pandas.DataFrame
            One row a store: ``store`` str, ``bytes_before`` and ``bytes_after`` Int64. A warning names the tables of
            a server that another role owns, which PostgreSQL passes over.

        Raises
        ------
        StoreError
            If a store cannot be reached, the disk has no room for the new file, or somebody else is writing.
        """
        return _frame(maintenance.vacuum(self._session), maintenance.Vacuumed)

    def analyze(self) -> pd.DataFrame:
        """Bring the statistics of the query planner up to date.

        Returns
        -------
        pandas.DataFrame
            One row a table that was analyzed: ``store`` and ``table`` str. A warning names those of a server that
            another role owns, which PostgreSQL passes over.

        Raises
        ------
        StoreError
            If a store cannot be reached.
        """
        return _frame(maintenance.analyze(self._session), maintenance.Analyzed)

    def sizes(self) -> pd.DataFrame:
        """Measure every table, with its indexes.

        Returns
        -------
        pandas.DataFrame
            One row a table, the local store's first, the largest first: ``store`` and ``table`` str, ``rows`` and
            ``bytes`` Int64 (missing where this build of SQLite cannot tell). ``frame.attrs["bytes"]`` has the whole
            of each store, by ``"local"`` and ``"server"``.

        Raises
        ------
        StoreError
            If a store cannot be reached.
        """
        frame = _frame(maintenance.sizes(self._session), maintenance.Size)
        frame.attrs["bytes"] = maintenance.whole_sizes(self._session)
        return frame

    def check(self) -> pd.DataFrame:
        """Look for damage, and for rows that have lost what they belong to; nothing is changed.

        Returns
        -------
        pandas.DataFrame
            One row a problem, none when all is well: ``store``, ``subject``, ``text`` and ``advice`` str.

        Raises
        ------
        StoreError
            If a store cannot be reached.
        """
        return _frame(maintenance.check(self._session), maintenance.Problem)


def _frame(rows: Sequence[Any], kind: type) -> pd.DataFrame:
    import pandas as pd

    from primer_nb.history.frames import TEXT

    values = [asdict(row) for row in rows]
    return pd.DataFrame(
        {
            field.name: pd.Series([row[field.name] for row in values], dtype=TEXT if field.type == "str" else "Int64")
            for field in fields(kind)
        }
    )
