"""What the client raises, told as one of our own errors: what failed, with which model, what to do next.

Nothing above this module sees an exception of openai or httpx2, for they carry the request with its key. The errors
made here are new objects without cause or context: raise them outside the ``except`` block, or Python ties the two.
"""

from __future__ import annotations

import socket
import ssl
from collections.abc import Iterator

import httpx2
import openai

from primer_nb.errors import ProviderError, ProviderTimeoutError, ProviderUnavailableError, ReplyCutError
from primer_nb.providers.complaints import read_complaint
from primer_nb.providers.endpoint import Endpoint
from primer_nb.providers.refusals import described, refuse
from primer_nb.secret import redact


def translate(error: Exception, *, endpoint: Endpoint, model: str, is_midstream: bool = False) -> ProviderError:
    """Translate whatever the client raised.

    Parameters
    ----------
    error : Exception
        What it raised.
    endpoint : Endpoint
        Who was asked.
    model : str
        The model that was asked for; empty for a request that is about none.
    is_midstream : bool, default False
        Whether a part of the reply had arrived.

    Returns
    -------
    ProviderError
        A new error without cause, to be raised outside the ``except`` block.
    """
    if isinstance(error, openai.APIStatusError):
        complaint = read_complaint(error.status_code, error.response.headers, error.response.content)
        return refuse(complaint, endpoint=endpoint, model=model)
    if isinstance(error, openai.APIConnectionError):  # silence included
        return _lost(error, endpoint=endpoint, model=model, is_midstream=is_midstream)
    if isinstance(error, openai.APIError):  # an error event inside the stream
        return refuse(read_complaint(None, {}, error.body or error.message), endpoint=endpoint, model=model)
    if isinstance(error, ValueError | TypeError | LookupError | AttributeError):
        return unreadable(endpoint=endpoint, model=model, is_midstream=is_midstream)
    return ProviderError(
        f"{described(endpoint, model)} failed with {type(error).__name__}: {redact(str(error), endpoint.key)}; "
        "ask again, and report this if it stays"
    )


def unreadable(*, endpoint: Endpoint, model: str, is_midstream: bool) -> ProviderError:
    """Make an error of an answer that does not follow the protocol.

    Parameters
    ----------
    endpoint : Endpoint
        Who answered.
    model : str
        The model that was asked for; may be empty.
    is_midstream : bool
        Whether a part of the reply had arrived.

    Returns
    -------
    ProviderError
        A new error.
    """
    who = described(endpoint, model)
    if is_midstream:
        return ReplyCutError(f"{who} sent something unreadable in the middle of the reply; ask again")
    return ProviderUnavailableError(
        f"{who}: what {endpoint.base_url} answered is not the protocol of OpenAI; "
        "check the base URL, and the proxy if there is one"
    )


def _lost(error: Exception, *, endpoint: Endpoint, model: str, is_midstream: bool) -> ProviderError:
    who = described(endpoint, model)
    causes = tuple(_causes(error))
    if any(isinstance(cause, httpx2.ConnectTimeout) for cause in causes):
        return ProviderUnavailableError(
            f"{who} cannot be reached: {endpoint.base_url} did not take the connection in time; "
            "check the network, the base URL and whether the server runs"
        )
    if isinstance(error, openai.APITimeoutError):
        return ProviderTimeoutError(
            f"{who} was silent for {endpoint.timeout:g} seconds; ask again, or choose a smaller model or message"
        )
    if is_midstream:
        return ReplyCutError(f"{who} broke off in the middle of the reply; ask again")
    return ProviderUnavailableError(f"{who} cannot be reached: {_reason(causes, endpoint.base_url)}")


def _reason(causes: tuple[BaseException, ...], url: str) -> str:
    for cause in causes:
        if isinstance(cause, socket.gaierror):
            return f"the name in {url} is not known; check the network and the base URL"
        if isinstance(cause, ssl.SSLCertVerificationError):
            return (
                f"the certificate of {url} is not trusted; behind a company's proxy set SSL_CERT_FILE to its CA file"
            )
        if isinstance(cause, ConnectionRefusedError):
            return f"nothing listens at {url}; check the base URL and whether the server runs"
        if isinstance(cause, httpx2.ProxyError):
            return "the proxy refused the connection; check HTTPS_PROXY and NO_PROXY"
    return f"the connection to {url} was lost; check the network and ask again"


def _causes(error: BaseException | None) -> Iterator[BaseException]:
    while error is not None:
        yield error
        error = error.__cause__ or error.__context__
