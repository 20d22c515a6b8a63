"""One row a chat: what its messages come to.

The counting is done in memory over a few narrow columns, by the same code for both databases.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

import numpy as np
import pandas as pd

from primer_nb.history.filters import Filters
from primer_nb.history.moments import PANDAS_TIMESTAMP

CHAT_COLUMNS = ("id", "title", "model", "created_at", "updated_at")
"""The columns of chats that `summarise` needs."""
MESSAGE_COLUMNS = ("chat_id", "role", "tokens", "characters", "created_at", "is_chosen")
"""The columns of messages that `summarise` needs."""


def summarise(
    chats: pd.DataFrame, messages: pd.DataFrame, *, filters: Filters, unsaved: Collection[str]
) -> pd.DataFrame:
    """Count each chat's messages.

    Parameters
    ----------
    chats : pandas.DataFrame
        `CHAT_COLUMNS`, in any order.
    messages : pandas.DataFrame
        `MESSAGE_COLUMNS` of all messages of these chats, oldest first.
    filters : Filters
        Which of the messages count.
    unsaved : collection of str
        Ids of the chats that are in no backup, or not whole.

    Returns
    -------
    pandas.DataFrame
        As `History.chats` returns it.
    """
    chats = chats.sort_values(["created_at", "id"], ignore_index=True)
    tally = _Tally(len(chats), messages, pd.Index(chats["id"]).get_indexer(messages["chat_id"]), filters)
    chats["messages"] = tally.total(1)
    chats["turns"] = tally.total(messages["role"].eq("user").to_numpy())
    chats["tokens"] = tally.total(messages["tokens"].to_numpy(np.int64, na_value=0))
    chats["characters"] = tally.total(messages["characters"].to_numpy(np.int64, na_value=0))
    chats["first_message_at"] = tally.extreme(np.fmin)
    chats["last_message_at"] = tally.extreme(np.fmax)
    chats["reply_latency"] = tally.reply_latency()
    chats["backed_up"] = ~chats["id"].isin(list(unsaved))
    return chats[chats["messages"] > 0].reset_index(drop=True) if filters.choose_messages else chats


class _Tally:
    """The messages of all chats, and which of them count."""

    def __init__(self, size: int, messages: pd.DataFrame, place: Any, filters: Filters) -> None:
        self._size, self._messages, self._place = size, messages, place
        self._times = messages["created_at"].dt.tz_localize(None).to_numpy()
        counts = messages["is_chosen"].to_numpy(bool, na_value=False)
        if filters.since is not None:
            counts &= messages["created_at"].ge(filters.since).to_numpy()
        if filters.until is not None:
            counts &= messages["created_at"].le(filters.until).to_numpy()
        self._counts = counts

    def total(self, values: Any) -> Any:
        sums = np.zeros(self._size, np.int64)
        np.add.at(sums, self._place[self._counts], np.broadcast_to(values, len(self._place))[self._counts])
        return pd.array(sums, dtype="Int64")

    def extreme(self, pick: Any) -> Any:
        found = np.full(self._size, "NaT", "datetime64[us]")
        pick.at(found, self._place[self._counts], self._times[self._counts])
        return pd.array(found, dtype=PANDAS_TIMESTAMP)

    def reply_latency(self) -> Any:
        """Take the median time from a question to the very next message, where that is the answer."""
        order = np.argsort(self._place, kind="stable")
        place, times, counts = self._place[order], self._times[order], self._counts[order]
        roles = self._messages["role"].to_numpy(object)[order]
        follows = (place[1:] == place[:-1]) & (roles[:-1] == "user") & (roles[1:] == "assistant") & counts[1:]
        seconds = (times[1:] - times[:-1])[follows] / np.timedelta64(1, "s")
        medians = pd.Series(seconds).groupby(place[1:][follows]).median()
        return medians.reindex(range(self._size)).to_numpy(np.float64)
