"""What docs/repository-layout.md says of buckets, for `buckets.mjs` to compare with: standard input has a salt, a width in
hundredths of a percent and an install identity in each line, separated by tabs; standard output gets bucket and side."""

import hashlib
import sys

BUCKETS = 10_000


def bucket_of(salt: str, install: str) -> int:
    digest = hashlib.sha256(salt.encode() + b"\x00" + install.encode()).digest()
    return int.from_bytes(digest[:6], "big") % BUCKETS


def side_of(bucket: int, width: int) -> str:
    if bucket < width:
        return "canary"
    return "control" if bucket >= BUCKETS - min(width, BUCKETS // 2) else "stable"


for line in sys.stdin.buffer.read().decode().splitlines():
    salt, width, install = line.split("\t")
    bucket = bucket_of(salt, install)
    print(bucket, side_of(bucket, int(width)))
