"""Backups: a local SQLite store and its copy on a PostgreSQL server, and what keeps the two alike.

Knows stores and a user's id, no session. Nobody imports it at ``connect()``.
"""
