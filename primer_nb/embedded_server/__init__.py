"""A PostgreSQL server of one's own, to try out accounts and backups: no installation, no port, no password."""

from primer_nb.embedded_server.server import EmbeddedServer

__all__ = ["EmbeddedServer"]
