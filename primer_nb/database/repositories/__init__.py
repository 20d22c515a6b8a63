"""Repositories: one an entity, each scoped to a user, each part of the caller's transaction."""
