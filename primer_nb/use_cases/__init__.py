"""What the package does for its users, as plain functions over a unit of work.

Nothing here knows a database driver, a network or a widget; no outside library is imported.
"""
