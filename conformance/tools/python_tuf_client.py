"""Judges repositories with python-tuf: a JSON request on each line in, a JSON verdict out.

A request is { directory, url, targets }. `directory` holds `metadata/root.json`, the first root,
and what the client came to trust in earlier visits.
"""

import json
import os
import sys

import tuf
from tuf.ngclient import Updater


def visit(directory: str, url: str, targets: list[str]) -> None:
    updater = Updater(
        metadata_dir=os.path.join(directory, "metadata"),
        metadata_base_url=url + "/metadata/",
        target_dir=os.path.join(directory, "targets"),
        target_base_url=url + "/targets/",
    )
    updater.refresh()
    for index, name in enumerate(targets):
        info = updater.get_targetinfo(name)
        if info is not None:
            path = os.path.join(directory, "targets", str(index))
            updater.download_target(info, path)
            return
    raise LookupError("none of " + ", ".join(targets))


def judge(request: dict) -> dict:
    try:
        visit(**request)
    except Exception as error:  # every class of refusal is a verdict
        return {"accepted": False, "reason": type(error).__name__}
    return {"accepted": True, "reason": ""}


print(json.dumps({"version": tuf.__version__}), flush=True)
for line in sys.stdin:
    print(json.dumps(judge(json.loads(line))), flush=True)
