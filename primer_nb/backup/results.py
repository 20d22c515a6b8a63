"""What a pull, a restore, a verification, a drill and a forgetting have done, to be looked at and counted.

`ReportView` shows any of them: one line, a table in a notebook, a frame.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, fields
from html import escape
from typing import TYPE_CHECKING, Any, Literal

from primer_nb.backup.rows import Quarantined

if TYPE_CHECKING:
    import pandas as pd

MOST_ROWS = 20
"""The most rows of a list that a notebook shows."""

State = Literal["only here", "only there", "different", "deleted here"]


class ReportView:
    """How every report shows itself: its numbers, and at most `MOST_ROWS` rows of each list."""

    def __repr__(self) -> str:
        """Return one line without any text of a chat."""
        parts = ", ".join(f"{name}={value}" for name, value in self._numbers().items())
        return f"{type(self).__name__}({parts})"

    def _repr_html_(self) -> str:
        """Return a table; everything in it is escaped."""
        rows = "".join(
            f"<tr><th>{escape(name.replace('_', ' '))}</th><td>{escape(str(value))}</td></tr>"
            for name, value in self._numbers().items()
        )
        lists = "".join(_list(name, rows) for name, rows in self._lists().items() if rows)
        return f"<table>{rows}</table>{lists}"

    def to_frame(self) -> pd.DataFrame:
        """Return the report as a frame.

        Returns
        -------
        pandas.DataFrame
            One row, and one column a number; a list is told by its length.
        """
        import pandas as pd

        return pd.DataFrame([self._numbers()])

    def _numbers(self) -> dict[str, Any]:
        values = {field.name: getattr(self, field.name) for field in fields(self)}  # type: ignore[arg-type]
        return {name: _number(value) for name, value in values.items()}

    def _lists(self) -> dict[str, tuple[Any, ...]]:
        values = {field.name: getattr(self, field.name) for field in fields(self)}  # type: ignore[arg-type]
        return {name: value for name, value in values.items() if isinstance(value, tuple)}


@dataclass(frozen=True, slots=True, repr=False)
class PullReport(ReportView):
    """What a pull brought from the server.

    Parameters
    ----------
    chats_added : int
        Chats that were not here.
    chats_changed : int
        Chats whose title or model was changed later on another machine.
    messages, completions, attachments : int
        Rows that were not here.
    kept_away : int
        Chats that the server has and that were deleted here.
    quarantined : tuple of Quarantined
        Rows that no local store can hold, and why.
    bytes_received : int
        Of the rows, about.
    seconds : float
        How long it took.
    """

    chats_added: int = 0
    chats_changed: int = 0
    messages: int = 0
    completions: int = 0
    attachments: int = 0
    kept_away: int = 0
    quarantined: tuple[Quarantined, ...] = ()
    bytes_received: int = 0
    seconds: float = 0.0


@dataclass(frozen=True, slots=True, repr=False)
class RestoreReport(ReportView):
    """What a restore brought back.

    Parameters
    ----------
    chats, messages, completions, attachments : int
        Rows that were not here.
    chats_changed : int
        Chats that were here, and whose title or model was changed later on another machine.
    kept_away : int
        Chats that the server has and that were deleted here; each comes back when it is named.
    is_new_file : bool
        Whether the store was empty, and a new file took its place; otherwise the rows were merged into it.
    quarantined : tuple of Quarantined
        Rows that no local store can hold, and why.
    bytes_received : int
        Of the rows, about.
    seconds : float
        How long it took.
    """

    chats: int = 0
    messages: int = 0
    completions: int = 0
    attachments: int = 0
    chats_changed: int = 0
    kept_away: int = 0
    is_new_file: bool = False
    quarantined: tuple[Quarantined, ...] = ()
    bytes_received: int = 0
    seconds: float = 0.0


@dataclass(frozen=True, slots=True)
class ChatDifference:
    """A chat that is not the same on both sides.

    Parameters
    ----------
    chat_id : str
        Which.
    title : str or None
        Of the side that has it; of this one when both do.
    state : str
        ``"only here"``, ``"only there"``, ``"different"``, or ``"deleted here"``: then the backup keeps it.
    messages_here, messages_there : int
        How many each side has.
    parts : tuple of str
        What differs: ``"title"``, ``"model"``, ``"updated_at"``, ``"messages"``, ``"lengths"``, ``"content"``,
        ``"details"`` (completions, settings, tags, attachments).
    """

    chat_id: str
    title: str | None
    state: State
    messages_here: int
    messages_there: int
    parts: tuple[str, ...] = ()


class ComparisonView(ReportView):
    """How a report shows itself whose rows are chats that differ."""

    differences: tuple[ChatDifference, ...]

    @property
    def is_equal(self) -> bool:
        """Whether both sides hold the same; a chat that was deleted here and is kept there does not count."""
        return all(difference.state == "deleted here" for difference in self.differences)

    def __bool__(self) -> bool:
        """Tell whether all is well."""
        return self.is_equal

    def to_frame(self) -> pd.DataFrame:
        """Return the chats that differ as a frame.

        Returns
        -------
        pandas.DataFrame
            One row a chat, in the order of the identifiers: ``chat_id``, ``title``, ``state``, ``messages_here``,
            ``messages_there``, ``parts`` (text, joined by commas). Empty when nothing differs.
        """
        import pandas as pd

        names = [field.name for field in fields(ChatDifference)]
        rows = [[getattr(difference, name) for name in names] for difference in self.differences]
        frame = pd.DataFrame(rows, columns=names)
        frame["parts"] = [", ".join(parts) for parts in frame["parts"]]
        return frame


@dataclass(frozen=True, slots=True, repr=False)
class VerifyReport(ComparisonView):
    """How the local store and its backup compare.

    Parameters
    ----------
    depth : int
        1 identifiers, 2 lengths too, 3 contents too.
    chats, messages : int
        How many the local store has, as far as a server takes them.
    differences : tuple of ChatDifference
        The chats that are not the same.
    quarantined : tuple of Quarantined
        Rows of the local store that a server does not take, and why.
    bytes_received : int
        Of the server's sums, about.
    seconds : float
        How long it took.
    """

    depth: int
    chats: int
    messages: int
    differences: tuple[ChatDifference, ...] = ()
    quarantined: tuple[Quarantined, ...] = ()
    bytes_received: int = 0
    seconds: float = 0.0


@dataclass(frozen=True, slots=True, repr=False)
class DrillReport(ComparisonView):
    """How the local store compares with what a restore would give.

    Parameters
    ----------
    chats, messages : int
        How many were restored, to a file that is gone again.
    differences : tuple of ChatDifference
        The chats that are not the same; "there" is the restored file.
    quarantined : tuple of Quarantined
        Rows that one side does not take, and why.
    bytes_received : int
        Of the rows, about.
    seconds : float
        How long it took.
    """

    chats: int
    messages: int
    differences: tuple[ChatDifference, ...] = ()
    quarantined: tuple[Quarantined, ...] = ()
    bytes_received: int = 0
    seconds: float = 0.0


@dataclass(frozen=True, slots=True, repr=False)
class ForgetReport(ReportView):
    """What was removed from the backup.

    Parameters
    ----------
    chat_id : str
        The chat.
    messages : int
        How many messages the backup had of it.
    is_still_here : bool
        Whether the local store still has it, and so sends it again when it goes on.
    bytes_deleted : int
        What those messages say.
    seconds : float
        How long it took.
    """

    chat_id: str
    messages: int
    is_still_here: bool = False
    bytes_deleted: int = 0
    seconds: float = 0.0


def _number(value: Any) -> Any:
    if isinstance(value, tuple):
        return len(value)
    return round(value, 3) if isinstance(value, float) else value


def _list(name: str, rows: Iterable[Any]) -> str:
    rows = list(rows)
    cells = [_cells(row) for row in rows[:MOST_ROWS]]
    head = "".join(f"<th>{escape(key.replace('_', ' '))}</th>" for key in cells[0])
    body = "".join("<tr>" + "".join(f"<td>{escape(_shown(v))}</td>" for v in row.values()) + "</tr>" for row in cells)
    more = f"<p>and {len(rows) - MOST_ROWS:,} more</p>" if len(rows) > MOST_ROWS else ""
    return f"<p>{escape(name)}</p><table><tr>{head}</tr>{body}</table>{more}"


def _cells(row: Any) -> Mapping[str, Any]:
    if hasattr(row, "_asdict"):
        found: Mapping[str, Any] = row._asdict()
        return found
    return {field.name: getattr(row, field.name) for field in fields(row)}


def _shown(value: Any) -> str:
    if isinstance(value, tuple):
        return ", ".join(map(str, value))
    return "" if value is None else str(value)[:200]
