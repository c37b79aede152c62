"""Buckets as destinations: how requests are signed, and what becomes of a file."""

from __future__ import annotations

import pytest
from mendel import s3
from mendel.errors import UsageError

# The examples that AWS publishes for Signature Version 4.
EXAMPLE = s3.Credentials("AKIAIOSFODNN7EXAMPLE", "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY", "", "us-east-1")
STAMP = "20130524T000000Z"
HOST = "examplebucket.s3.amazonaws.com"


@pytest.mark.parametrize(
    ("method", "path", "digest", "more", "signature"),
    [
        (
            "PUT",
            "/test%24file.text",
            "44ce7dd67c959e0d3524ffac1771dfbba87d2b6b4b4e99e42034a8b803f8b072",
            {"Date": "Fri, 24 May 2013 00:00:00 GMT", "x-amz-storage-class": "REDUCED_REDUNDANCY"},
            "98ad721746da40c64f1a55b78f14c238d841ea1380cd77a1b5971af0ece108bd",
        ),
        (
            "GET",
            "/test.txt",
            "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
            {"Range": "bytes=0-9"},
            "f0e8bdb87c964420e857bd35b5d6ed310bd44f0170aba48dd91039c6036bdb41",
        ),
    ],
)
def test_tr_17_requests_are_signed_as_in_the_published_examples(
    method: str, path: str, digest: str, more: dict[str, str], signature: str
) -> None:
    headers = {"Host": HOST, "x-amz-date": STAMP, "x-amz-content-sha256": digest, **more}

    header = s3.authorization(method, path, headers, digest, STAMP, EXAMPLE)

    assert header.endswith(f"Signature={signature}")


def test_tr_17_an_address_names_server_bucket_and_object(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("AWS_ENDPOINT_URL", raising=False)
    assert s3.place("s3://data/a/b#1?.txt", "eu-west-1") == (
        "https://s3.eu-west-1.amazonaws.com",
        "/data/a/b%231%3F.txt",
    )
    assert s3.place("s3://host:9000/data/a", "x") == ("http://host:9000", "/data/a")
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://localhost:5000/")
    assert s3.place("s3://data/a", "x") == ("http://localhost:5000", "/data/a")
    with pytest.raises(UsageError, match="names no bucket"):
        s3.place("s3://host:9000/", "x")


def test_tr_17_without_credentials_the_variables_are_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("AWS_ACCESS_KEY_ID", raising=False)
    with pytest.raises(UsageError, match="AWS_ACCESS_KEY_ID"):
        s3.put(b"x", "s3://data/a")
