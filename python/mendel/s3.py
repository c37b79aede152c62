"""Puts files into a bucket that speaks S3, signed by Signature Version 4, with the standard library.

``s3://bucket/path`` is a bucket of AWS; ``s3://host:port/bucket/path`` one of another server.
Credentials, region and endpoint come from the usual variables (``AWS_ACCESS_KEY_ID``,
``AWS_SECRET_ACCESS_KEY``, ``AWS_SESSION_TOKEN``, ``AWS_DEFAULT_REGION``, ``AWS_ENDPOINT_URL``).
"""

from __future__ import annotations

import hashlib
import hmac
import os
import time
from pathlib import Path
from urllib.parse import quote, urlsplit

from mendel.errors import UsageError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from http.client import HTTPConnection
    from typing import IO, Mapping, NamedTuple
else:
    from typing import NamedTuple

TRIES = 3
SECONDS = 60.0


class Credentials(NamedTuple):
    """What requests are signed with."""

    key: str
    secret: str
    token: str
    region: str


class Place(NamedTuple):
    """Where an object is: the address of the server, and the path there."""

    server: str
    path: str


def credentials() -> Credentials:
    """The credentials of this process.

    Raises:
        UsageError: There are none.
    """
    key, secret = os.environ.get("AWS_ACCESS_KEY_ID"), os.environ.get("AWS_SECRET_ACCESS_KEY")
    if not key or not secret:
        raise UsageError("a destination `s3://…` needs AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY in the environment")
    region = os.environ.get("AWS_DEFAULT_REGION") or os.environ.get("AWS_REGION") or "us-east-1"
    return Credentials(key, secret, os.environ.get("AWS_SESSION_TOKEN", ""), region)


def place(address: str, region: str) -> Place:
    """The server and path of an object.

    Raises:
        UsageError: The address names no bucket.

    Example:
        >>> place("s3://bucket/a b", "eu-west-1").path
        '/bucket/a%20b'
        >>> place("s3://localhost:9000/bucket/a", "eu-west-1").server
        'http://localhost:9000'
    """
    parts = urlsplit(address)
    # Every character after the first slash belongs to the name, `?` and `#` as well.
    path = address[len("s3://") + len(parts.netloc) :]
    if parts.port is not None:
        server = f"https://{parts.netloc}" if parts.port == 443 else f"http://{parts.netloc}"
    else:
        server = os.environ.get("AWS_ENDPOINT_URL") or f"https://s3.{region}.amazonaws.com"
        path = f"/{parts.netloc}{path}"
    if path.count("/") < 2 or not path.strip("/"):
        raise UsageError(f"`{address}` names no bucket; `s3://bucket/path` or `s3://host:port/bucket/path` does")
    return Place(server.rstrip("/"), quote(path, safe="/-_.~"))


def put(source: Path | bytes, address: str) -> None:
    """Stores a file or bytes as the object at ``address``.

    Raises:
        UsageError: There are no credentials.
        OSError: The server refused it, or could not be reached.
    """
    signer = credentials()
    where = place(address, signer.region)
    digest = hashlib.sha256(source).hexdigest() if isinstance(source, bytes) else _hash(source)
    error: OSError | None = None
    for attempt in range(TRIES):
        if attempt:
            time.sleep(0.5 * 2**attempt)
        try:
            status, answer = _send(source, where, digest, signer)
        except OSError as failed:
            error = failed
            continue
        if status < 300:
            return
        error = OSError(f"`{address}` was refused with {status}: {answer[:500]}")
        if status < 500:
            break
    assert error is not None
    raise error


def authorization(
    method: str, path: str, headers: Mapping[str, str], digest: str, stamp: str, signer: Credentials
) -> str:
    """The header that signs a request; ``stamp`` is its time, such as ``20130524T000000Z``."""
    names = sorted(name.lower() for name in headers)
    values = {name.lower(): value.strip() for name, value in headers.items()}
    lines = [method, path, "", *(f"{name}:{values[name]}" for name in names), "", ";".join(names), digest]
    scope = f"{stamp[:8]}/{signer.region}/s3/aws4_request"
    request = hashlib.sha256("\n".join(lines).encode()).hexdigest()
    text = f"AWS4-HMAC-SHA256\n{stamp}\n{scope}\n{request}"
    key = f"AWS4{signer.secret}".encode()
    for part in scope.split("/"):
        key = hmac.new(key, part.encode(), hashlib.sha256).digest()
    signature = hmac.new(key, text.encode(), hashlib.sha256).hexdigest()
    return f"AWS4-HMAC-SHA256 Credential={signer.key}/{scope},SignedHeaders={';'.join(names)},Signature={signature}"


def _send(source: Path | bytes, where: Place, digest: str, signer: Credentials) -> tuple[int, str]:
    server = urlsplit(where.server)
    stamp = time.strftime("%Y%m%dT%H%M%SZ", time.gmtime())
    headers = {"Host": server.netloc, "x-amz-date": stamp, "x-amz-content-sha256": digest}
    if signer.token:
        headers["x-amz-security-token"] = signer.token
    path = server.path + where.path
    headers["Authorization"] = authorization("PUT", path, headers, digest, stamp, signer)
    connection = _connect(server.scheme, server.netloc)
    try:
        if isinstance(source, bytes):
            return _ask(connection, path, source, len(source), headers)
        with source.open("rb") as stream:
            return _ask(connection, path, stream, source.stat().st_size, headers)
    finally:
        connection.close()


def _connect(scheme: str, server: str) -> HTTPConnection:
    from http.client import HTTPConnection, HTTPSConnection

    return (HTTPSConnection if scheme == "https" else HTTPConnection)(server, timeout=SECONDS)


def _ask(
    connection: HTTPConnection, path: str, body: bytes | IO[bytes], size: int, headers: Mapping[str, str]
) -> tuple[int, str]:
    connection.request("PUT", path, body, {**headers, "Content-Length": str(size)})
    answer = connection.getresponse()
    return answer.status, answer.read().decode("utf-8", "replace")


def _hash(path: Path) -> str:
    found = hashlib.sha256()
    with path.open("rb") as stream:
        while part := stream.read(1 << 20):
            found.update(part)
    return found.hexdigest()
