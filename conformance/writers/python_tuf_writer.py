"""Writes a TUF repository with python-tuf's own classes, twice: as it is first, and after an update.

python_tuf_writer.py OUT writes OUT/first and OUT/second, each a whole repository of static files.
"""

import hashlib
import os
import sys
from datetime import datetime, timedelta, timezone

from securesystemslib.signer import CryptoSigner
from tuf.api.metadata import (
    DelegatedRole,
    Delegations,
    Metadata,
    MetaFile,
    Root,
    Snapshot,
    TargetFile,
    Targets,
    Timestamp,
)

EXPIRES = (datetime.now(timezone.utc) + timedelta(days=30)).replace(microsecond=0)
UNKNOWN = {"x-unknown": {"list": [1, "two", None, True]}}


def keys(count: int) -> list[CryptoSigner]:
    return [CryptoSigner.generate_ed25519() for _ in range(count)]


def signed_by(signed, signers: list[CryptoSigner]) -> bytes:
    metadata = Metadata(signed)
    for signer in signers:
        metadata.sign(signer, append=True)
    return metadata.to_bytes()


def roots(signers: dict[str, list[CryptoSigner]]) -> dict[str, bytes]:
    """Three roots: two of three keys for root and targets; one root key replaced, then timestamp's."""
    root = Root(expires=EXPIRES, consistent_snapshot=True, unrecognized_fields=dict(UNKNOWN))
    for role in ("root", "targets", "snapshot", "timestamp"):
        for signer in signers[role][: 1 if role == "timestamp" else 3]:
            root.add_key(signer.public_key, role)
    root.roles["root"].threshold = 2
    root.roles["targets"].threshold = 2
    a, b, c, d = signers["root"]
    first = signed_by(root, [a, b])

    root.version = 2
    root.revoke_key(a.public_key.keyid, "root")
    root.add_key(d.public_key, "root")
    second = signed_by(root, [b, c, d])

    root.version = 3
    old, new = signers["timestamp"]
    root.revoke_key(old.public_key.keyid, "timestamp")
    root.add_key(new.public_key, "timestamp")
    third = signed_by(root, [c, d])
    return {f"metadata/{n}.root.json": raw for n, raw in enumerate((first, second, third), 1)}


def generation(version: int, signers: dict[str, list[CryptoSigner]]) -> dict[str, bytes]:
    contents = {f"file{n}.txt": f"content {n}\n".encode() for n in range(1, version + 2)}
    files = {
        f"targets/{hashlib.sha256(data).hexdigest()}.{name}": data for name, data in contents.items()
    }
    [delegate] = signers["delegate"]
    role = DelegatedRole("extra", [delegate.public_key.keyid], 1, False, paths=["extra/*"])
    targets = Targets(
        version=version,
        expires=EXPIRES,
        targets={name: TargetFile.from_data(name, data, ["sha256"]) for name, data in contents.items()},
        delegations=Delegations({delegate.public_key.keyid: delegate.public_key}, {"extra": role}),
        unrecognized_fields=dict(UNKNOWN),
    )
    for target in targets.targets.values():
        target.unrecognized_fields["custom"] = {"model": 7, "anything": ["of", "theirs"]}
    targets_file = signed_by(targets, signers["targets"][1:3])
    extra = signed_by(Targets(version=version, expires=EXPIRES), [delegate])

    snapshot = Snapshot(version=version, expires=EXPIRES)
    snapshot.meta["targets.json"] = MetaFile.from_data(version, targets_file, ["sha256", "sha512"])
    snapshot.meta["extra.json"] = MetaFile(version)
    snapshot_file = signed_by(snapshot, signers["snapshot"])
    timestamp = Timestamp(version=version, expires=EXPIRES)
    timestamp.snapshot_meta = MetaFile.from_data(version, snapshot_file, ["sha256"])
    return {
        **files,
        f"metadata/{version}.targets.json": targets_file,
        f"metadata/{version}.extra.json": extra,
        f"metadata/{version}.snapshot.json": snapshot_file,
        "metadata/timestamp.json": signed_by(timestamp, signers["timestamp"][1:]),
    }


def write(directory: str, files: dict[str, bytes]) -> None:
    for path, data in files.items():
        os.makedirs(os.path.dirname(os.path.join(directory, path)), exist_ok=True)
        with open(os.path.join(directory, path), "wb") as file:
            file.write(data)


def main(out: str) -> None:
    signers = {
        "root": keys(4),
        "targets": keys(3),
        "snapshot": keys(1),
        "timestamp": keys(2),
        "delegate": keys(1),
    }
    rooted = roots({**signers, "root": signers["root"]})
    first = {**rooted, **generation(1, signers)}
    write(os.path.join(out, "first"), first)
    write(os.path.join(out, "second"), {**first, **generation(2, signers)})


main(sys.argv[1])
