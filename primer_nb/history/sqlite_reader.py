"""Read aggregates over SQLite piece by piece: how large a piece is, and which way its values are glued."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from sqlalchemy import ColumnElement, Connection, Select, func, select
from sqlalchemy.exc import DataError

from primer_nb.history.columns import KINDS, Kind
from primer_nb.history.frames import Batch
from primer_nb.history.sqlite_pieces import UnclearError, glued, unglued

_FIRST_PIECE, _LARGEST_PIECE = 500, 20_000  # keys
_PIECE_WEIGHT = 2_000_000  # bytes
_LONG = {"content"}
ROW_OF = ".rowid"
"""What follows a table's name in the name of a column that holds its rowids."""


class PieceReader:
    """Reads columns of the rows that belong to some keys.

    Parameters
    ----------
    connection : sqlalchemy.Connection
        In a transaction.
    columns : mapping of str to sqlalchemy.ColumnElement
        What to read: columns of `columns.KINDS`, or rowids (see `ROW_OF`).
    complete : callable
        Takes a SELECT of aggregates and gives it its FROM and WHERE, with the keys as parameters.
    """

    def __init__(
        self,
        connection: Connection,
        columns: Mapping[str, ColumnElement[Any]],
        complete: Callable[[Select[Any]], Select[Any]],
    ) -> None:
        self._connection, self._columns, self._complete = connection, columns, complete
        self._encoding = str(connection.exec_driver_sql("PRAGMA encoding").scalar_one()).lower()
        self._statement = self._glue(careful=self._encoding != "utf-8")

    def read(self, keys: Any, to_parameters: Callable[[Any], dict[str, Any]]) -> Iterator[Batch]:
        """Read all rows, in pieces that are good for speed and memory.

        Parameters
        ----------
        keys : numpy.ndarray
            What tells the rows, in order.
        to_parameters : callable
            Makes the parameters of the statement from the keys of a piece.

        Yields
        ------
        mapping of str to pyarrow.Array
            The columns of a piece; none of a piece without rows.
        """
        start, size = 0, _FIRST_PIECE
        while start < len(keys):
            piece = keys[start : start + size]
            try:
                weight, batch = self._read_piece(to_parameters(piece))
            except DataError:  # more than a billion bytes, the most that SQLite makes one value of
                if len(piece) == 1:
                    raise
                size = len(piece) // 2
                continue
            if batch:
                yield batch
            start += len(piece)
            size = max(1, min(4 * size, _LARGEST_PIECE, size * _PIECE_WEIGHT // max(weight, 1)))

    def _read_piece(self, parameters: dict[str, Any]) -> tuple[int, Batch]:
        row = self._connection.execute(self._statement, parameters).mappings().one()
        if row["count"] == 0:
            return 0, {}
        weight = sum(len(value) for value in row.values() if isinstance(value, bytes | str))
        try:
            return weight, {name: unglued(row, name, _kind(name), encoding=self._encoding) for name in self._columns}
        except UnclearError:
            self._statement = self._glue(careful=True)  # one such value is rarely alone
            return self._read_piece(parameters)

    def _glue(self, *, careful: bool) -> Select[Any]:
        parts = [
            part
            for name, column in self._columns.items()
            for part in glued(name, column, _kind(name), careful=careful or name in _LONG)
        ]
        return self._complete(select(func.count().label("count"), *parts))


def _kind(name: str) -> Kind:
    return "integer" if name.endswith(ROW_OF) else KINDS[name]
