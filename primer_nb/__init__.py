"""Conversations with language models as durable, private, analysable data, inside the notebook."""
