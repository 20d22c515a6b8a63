"""Who answers: the protocol, the OpenAI-compatible client, the local model, and the catalogue that names them.

Nothing is imported here, so that importing one module loads no client library.
"""
