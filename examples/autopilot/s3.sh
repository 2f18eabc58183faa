#!/bin/sh
# Fetches the repository from a bucket, or uploads what autopilot changes: metadata and boot files, each after those it names.
# Files whose names begin with a dot stay here; among them is the log of acts.
set -eu
: "${SITE:?expected a directory}"
: "${BUCKET:?expected an address such as s3://example-models}"

case "${1:-}" in
fetch)
  aws s3 cp "$BUCKET/metadata/timestamp.json" "$SITE/metadata/timestamp.json"
  # a file that is gone there, such as hold, goes here too
  aws s3 sync "$BUCKET" "$SITE" --delete --exact-timestamps --exclude '.*' --exclude metadata/timestamp.json \
    --exclude 'deltas/*'
  cp "$SITE/metadata/timestamp.json" "$SITE/.fetched.json"
  ;;
upload)
  # what somebody else publishes meanwhile, such as a version taken back, stays
  if ! aws s3 cp "$BUCKET/metadata/timestamp.json" - | cmp -s - "$SITE/.fetched.json"; then
    echo "$BUCKET has changed since it was fetched: nothing is uploaded, the next run begins with that" >&2
    exit 1
  fi
  aws s3 sync "$SITE/metadata" "$BUCKET/metadata" --exclude timestamp.json \
    --cache-control 'public, max-age=31536000, immutable'
  aws s3 cp "$SITE/metadata/timestamp.json" "$BUCKET/metadata/timestamp.json" --cache-control no-cache
  mkdir -p "$SITE/boot" # what is not there is refused, and not taken as empty
  aws s3 sync "$SITE/boot" "$BUCKET/boot" --delete --cache-control no-cache
  ;;
*)
  echo "expected fetch or upload, got '${1:-}'" >&2
  exit 2
  ;;
esac
