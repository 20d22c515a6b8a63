"""A user's data key, and the texts it seals: the keys of providers.

A sealed text says which key opens it, and opens only for the user, provider and row it was sealed for. The data key
itself is stored in slots only; see `slots`.
"""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from typing import NoReturn, SupportsIndex, final

from primer_nb import limits
from primer_nb.credentials import envelope
from primer_nb.credentials.envelope import kid_of
from primer_nb.secret import Secret

__all__ = ["LONGEST_PROVIDER_KEY", "Context", "DataKey", "kid_of", "new_data_key", "open_sealed", "seal"]

# Bytes of UTF-8. The column takes 500 characters; 14 are the header, and the other 486 of Base64 hold 364 bytes, of
# which 60 are salt (16), nonce (12), commitment (16) and tag (16): 304.
LONGEST_PROVIDER_KEY = (limits.API_KEY - envelope.HEADER) * 3 // 4 - envelope.OVERHEAD


@final
class DataKey:
    """A user's key, held in memory while the user is signed in.

    Parameters
    ----------
    material : bytes
        32 random bytes.
    kid : str
        Its id, 8 hexadecimal digits.
    """

    __slots__ = ("__material", "kid")

    def __init__(self, material: bytes, *, kid: str) -> None:
        self.__material = bytearray(material)
        self.kid = kid

    def reveal(self) -> bytes:
        """Return the key; call it inside the very expression that needs it, so that no variable holds it.

        Returns
        -------
        bytes
            32 bytes.

        Raises
        ------
        SealError
            If it was wiped.
        """
        if not self.__material:
            raise envelope.refusal()
        return bytes(self.__material)

    def wipe(self) -> None:
        """Overwrite the key with zeros; nothing can be sealed or opened with it any more. Twice does no harm.

        Copies that the libraries made for a moment are out of reach.
        """
        self.__material[:] = bytes(len(self.__material))
        self.__material.clear()

    def __repr__(self) -> str:
        return f"DataKey(kid={self.kid!r}, [hidden])"

    def __reduce_ex__(self, protocol: SupportsIndex) -> NoReturn:
        raise TypeError("a DataKey is neither pickled nor copied; pass the object itself")


@dataclass(frozen=True, slots=True)
class Context:
    """Where a sealed text belongs; it opens nowhere else.

    Parameters
    ----------
    purpose : str
        What it is, such as ``"provider_key"``.
    user_id : str
        Whose it is.
    provider : str, default ""
        Which provider takes it.
    row_id : str, default ""
        The row that stores it.
    """

    purpose: str
    user_id: str
    provider: str = ""
    row_id: str = ""


def new_data_key() -> DataKey:
    """Make a data key.

    Returns
    -------
    DataKey
        256 random bits, with a random id.
    """
    return DataKey(secrets.token_bytes(envelope.KEY), kid=secrets.token_hex(envelope.KID // 2))


def seal(data_key: DataKey, text: Secret, *, context: Context) -> str:
    """Seal a text.

    Parameters
    ----------
    data_key : DataKey
        The key of the user it belongs to.
    text : Secret
        What to hide; at most `LONGEST_PROVIDER_KEY` bytes if it goes into the table of provider keys.
    context : Context
        Where it belongs.

    Returns
    -------
    str
        ``pnb1.<kid>.<base64url>``, another one each time.

    Raises
    ------
    SealError
        If the data key was wiped.

    Examples
    --------
    >>> data_key = new_data_key()
    >>> context = Context("provider_key", user_id="u1", provider="openai", row_id="r1")
    >>> sealed = seal(data_key, Secret("not-a-real-key"), context=context)
    >>> open_sealed(data_key, sealed, context=context).reveal()
    'not-a-real-key'
    """
    return envelope.seal_bytes(
        text.reveal().encode("utf-8", "surrogatepass"),
        material=data_key.reveal(),
        kid=data_key.kid,
        purpose=context.purpose,
        context=(context.user_id, context.provider, context.row_id),
    )


def open_sealed(data_key: DataKey, sealed: str, *, context: Context) -> Secret:
    """Open a sealed text.

    Parameters
    ----------
    data_key : DataKey
        The key it was sealed with.
    sealed : str
        From `seal`.
    context : Context
        Where it was found.

    Returns
    -------
    Secret
        The text.

    Raises
    ------
    SealError
        If it was sealed with another key or for another place, is damaged or of an unknown version, or if the data
        key was wiped. The error does not say which.
    """
    plain = None
    if kid_of(sealed) == data_key.kid:
        plain = envelope.open_bytes(
            sealed,
            material=data_key.reveal(),
            purpose=context.purpose,
            context=(context.user_id, context.provider, context.row_id),
        )
    if plain is None:
        raise envelope.refusal()
    return Secret(plain.decode("utf-8", "surrogatepass"))
