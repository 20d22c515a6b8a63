"""The SQL by which a server sums up each chat of a user: what `digests` computes here, computed there.

A row is told as one line of text whose fields cannot run into each other; its hash is the first 64 bits of the
line's SHA-256. Hashes of rows are combined by exclusive or, so no order matters and no row can be left out unseen.
"""

from __future__ import annotations

from functools import cache

_IDS = "bit_xor(('x' || substr({id}::text, 20, 4) || substr({id}::text, 25, 12))::bit(64)::bigint)"
MOMENT = """CASE WHEN {0} >= '0001-01-01 00:00+00' AND {0} < '10000-01-01 00:00+00'
THEN to_char({0} AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US+00:00') ELSE '?' END"""
"""A time as a local store spells it; a question mark for one that it cannot hold."""

_HASH = "('x' || substr(encode(sha256(convert_to({0}, 'UTF8')), 'hex'), 1, 16))::bit(64)::bigint"
_TEXT = "coalesce(length({0}) || ':' || {0}, '-')"
_NUMBER = "coalesce(encode(float8send({0} + 0), 'hex'), '-')"
_WHOLE = "coalesce({0}::text, '-')"

_SUMS = """
WITH own AS (
    SELECT id, title, model, created_at, updated_at FROM chats
    WHERE user_id = %(user_id)s{{only}}
), said AS (
    SELECT m.chat_id, count(*) AS count, {ids} AS ids, sum(octet_length(m.content)) AS lengths,
           {content} AS content, {completions} AS completions
    FROM own JOIN messages m ON m.chat_id = own.id LEFT JOIN completions k ON k.message_id = m.id
    GROUP BY m.chat_id
), asked AS (
    SELECT s.chat_id, {settings} AS hash FROM own JOIN chat_settings s ON s.chat_id = own.id
), tagged AS (
    SELECT t.chat_id, bit_xor({tag}) AS hash FROM own JOIN chat_tags t ON t.chat_id = own.id GROUP BY t.chat_id
), attached AS (
    SELECT m.chat_id, bit_xor({attachment}) AS hash
    FROM message_attachments a JOIN messages m ON m.id = a.message_id JOIN own ON own.id = m.chat_id
    GROUP BY m.chat_id
), summed AS (
    SELECT own.id::text AS id, own.title, own.model, {updated_at} AS updated_at, coalesce(said.count, 0) AS count,
           coalesce(said.ids, 0) AS ids, coalesce(said.lengths, 0)::bigint AS lengths,
           coalesce(said.content, 0) AS content,
           coalesce(said.completions, 0) # coalesce(asked.hash, 0) # coalesce(tagged.hash, 0)
               # coalesce(attached.hash, 0) # {chat} AS details
    FROM own LEFT JOIN said ON said.chat_id = own.id LEFT JOIN asked ON asked.chat_id = own.id
         LEFT JOIN tagged ON tagged.chat_id = own.id LEFT JOIN attached ON attached.chat_id = own.id
)
"""
_ROWS = "SELECT id, title, model, updated_at, count, ids, details, {lengths}, {content} FROM summed"
_BUCKETS = "SELECT right(id, 2), count(*), sum(count)::bigint, bit_xor({hash}) FROM summed GROUP BY 1"


@cache
def rows_query(depth: int, *, some: bool, buckets: bool = False) -> str:
    """Write the query that returns one row a chat.

    Parameters
    ----------
    depth : int
        1 identifiers, 2 lengths too, 3 contents too.
    some : bool
        Whether only the chats of the parameter ``chats`` are wanted.
    buckets : bool, default False
        Whether only the chats of the parameter ``buckets`` are wanted.

    Returns
    -------
    str
        SQL with the parameters ``user_id``, ``chats``, ``buckets``.
    """
    chosen = _ROWS.format(lengths="lengths" if depth > 1 else "0", content="content" if depth > 2 else "0")
    return _sums(depth, some=some, buckets=buckets) + chosen


@cache
def buckets_query(depth: int) -> str:
    """Write the query that returns one row a bucket.

    Parameters
    ----------
    depth : int
        As `rows_query`.

    Returns
    -------
    str
        SQL with the parameter ``user_id``.
    """
    parts = [_TEXT.format("title"), _TEXT.format("model"), "updated_at", "count", "ids", "details"]
    parts += ["lengths" if depth > 1 else "0", "content" if depth > 2 else "0"]
    return _sums(depth, some=False, buckets=False) + _BUCKETS.format(hash=_HASH.format(_line("'b'", "id", *parts)))


def _sums(depth: int, *, some: bool, buckets: bool) -> str:
    only = " AND id = ANY(%(chats)s::uuid[])" if some else ""
    only += " AND right(id::text, 2) = ANY(%(buckets)s::text[])" if buckets else ""
    lines = _content_lines() if depth > 2 else _identity_lines()
    sums = _SUMS.format(ids=_IDS.format(id="m.id"), updated_at=MOMENT.format("own.updated_at"), **lines)
    return sums.format(only=only)


def _identity_lines() -> dict[str, str]:
    return {
        "content": "0::bigint",
        "completions": _IDS.format(id="k.message_id"),
        "settings": _HASH.format(_line("'s'", MOMENT.format("s.updated_at"))),
        "tag": _HASH.format(_line("'t'", _TEXT.format("t.tag"))),
        "attachment": _HASH.format(_line("'a'", "a.id")),
        "chat": "0::bigint",
    }


def _content_lines() -> dict[str, str]:
    message = _line("'m'", "m.id", MOMENT.format("m.created_at"), "m.tokens", _TEXT.format("m.role"), "m.content")
    completion = _line(
        "'k'",
        "k.message_id",
        *(_TEXT.format(f"k.{name}") for name in ("provider", "model", "finish_reason")),
        *(_WHOLE.format(f"k.{name}") for name in ("prompt_tokens", "completion_tokens", "parent_id")),
        *(_NUMBER.format(f"k.{name}") for name in ("time_to_first_token", "duration", "temperature")),
    )
    settings = _line(
        "'s'",
        MOMENT.format("s.updated_at"),
        *(_TEXT.format(f"s.{name}") for name in ("provider", "model", "system_prompt")),
        _WHOLE.format("s.max_tokens"),
        _NUMBER.format("s.temperature"),
    )
    attachment = _line(
        "'a'",
        "a.id",
        "a.message_id",
        *(_TEXT.format(f"a.{name}") for name in ("name", "media_type", "sha256")),
        "a.size",
        MOMENT.format("a.created_at"),
        "encode(sha256(a.content), 'hex')",
    )
    return {
        "content": f"bit_xor({_HASH.format(message)})",
        "completions": f"bit_xor({_HASH.format(completion)}) FILTER (WHERE k.message_id IS NOT NULL)",
        "settings": _HASH.format(settings),
        "tag": _HASH.format(_line("'t'", _TEXT.format("t.tag"))),
        "attachment": _HASH.format(attachment),
        "chat": _HASH.format(_line("'c'", MOMENT.format("own.created_at"))),
    }


def _line(*fields: str) -> str:
    return " || '|' || ".join(f"({field})" for field in fields)
