"""A certificate for 127.0.0.1 until the year 2126, signed by itself; its key is public and guards nothing."""

from __future__ import annotations

import ssl
from pathlib import Path

_PEM = """\
-----BEGIN PRIVATE KEY-----
MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgiWEq0cujRGDcsvtK
rAXqSsBUybDrQZY0O6cPTHSAu0mhRANCAASro6ZPCJy4bqGMWR9n6U8muVec2jM1
1cZ/KBHgUICkchg37rkbz7E723ojhyLCrXdDa/jTb8I3s4u4Detn891/
-----END PRIVATE KEY-----
-----BEGIN CERTIFICATE-----
MIIBbjCCARWgAwIBAgIBATAKBggqhkjOPQQDAjAUMRIwEAYDVQQDDAkxMjcuMC4w
LjEwIBcNMjYwMTAxMDAwMDAwWhgPMjEyNjAxMDEwMDAwMDBaMBQxEjAQBgNVBAMM
CTEyNy4wLjAuMTBZMBMGByqGSM49AgEGCCqGSM49AwEHA0IABKujpk8InLhuoYxZ
H2fpTya5V5zaMzXVxn8oEeBQgKRyGDfuuRvPsTvbeiOHIsKtd0Nr+NNvwjezi7gN
62fz3X+jVjBUMA8GA1UdEQQIMAaHBH8AAAEwEgYDVR0TAQH/BAgwBgEB/wIBADAO
BgNVHQ8BAf8EBAMCAoQwHQYDVR0OBBYEFHakMZIbGlOX0oOlSZylV/4CiIZNMAoG
CCqGSM49BAMCA0cAMEQCIF49uE82r+oCl6VdqY4EHd2zuzoLgvwuTDgyF8jtg+oZ
AiAOD40KvIqyRLSLLUKD1Mms1emlsYwGpI4VYdtREMmK/A==
-----END CERTIFICATE-----
"""


def write_certificate(folder: Path) -> Path:
    """Write key and certificate into one file that both sides can load."""
    path = folder / "certificate.pem"
    path.write_text(_PEM)
    return path


def server_context(certificate: Path) -> ssl.SSLContext:
    """Make the settings of a server that shows the certificate."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    return context
