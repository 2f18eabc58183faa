#!/bin/sh
# Fetches the repository from a directory that a web server on this machine shows, or uploads what autopilot changes: metadata
# and boot files, each after those it names. Files whose names begin with a dot stay here; among them is the log of acts.
set -eu
: "${SITE:?expected a directory}"
: "${PUBLISHED:?expected the directory that a web server shows}"

if [ ! -f "$PUBLISHED/metadata/timestamp.json" ]; then
  echo "PUBLISHED: expected the directory of a published repository, got $PUBLISHED without metadata/timestamp.json" >&2
  exit 2
fi
mkdir -p "$SITE"
site=$(cd "$SITE" && pwd -P)/
published=$(cd "$PUBLISHED" && pwd -P)/
# a fetch empties SITE
case "$published" in "$site"*) apart=no ;; *) apart=yes ;; esac
case "$site" in "$published"*) apart=no ;; esac
if [ "$apart" = no ]; then
  echo "SITE: expected a directory apart from PUBLISHED, got $site and $published" >&2
  exit 2
fi

case "${1:-}" in
fetch)
  # a file that is gone there, such as hold, goes here too
  for old in "$SITE"/*; do rm -rf "$old"; done
  cp -R "$PUBLISHED"/* "$SITE"
  cp "$SITE/metadata/timestamp.json" "$SITE/.fetched.json"
  ;;
upload)
  # what somebody else publishes meanwhile, such as a version taken back, stays
  if ! cmp -s "$SITE/.fetched.json" "$PUBLISHED/metadata/timestamp.json"; then
    echo "$PUBLISHED has changed since it was fetched: nothing is uploaded, the next run begins with that" >&2
    exit 1
  fi
  cp "$SITE"/metadata/*.targets.json "$SITE"/metadata/*.snapshot.json "$PUBLISHED/metadata"
  # a device may read it at any time, so it appears whole
  cp "$SITE/metadata/timestamp.json" "$PUBLISHED/metadata/.timestamp.json"
  mv "$PUBLISHED/metadata/.timestamp.json" "$PUBLISHED/metadata/timestamp.json"
  mkdir -p "$PUBLISHED/boot"
  for new in "$SITE"/boot/*; do
    [ -f "$new" ] || continue
    cp "$new" "$PUBLISHED/boot/.new"
    mv "$PUBLISHED/boot/.new" "$PUBLISHED/boot/${new##*/}"
  done
  for old in "$PUBLISHED"/boot/*; do
    [ -e "$SITE/boot/${old##*/}" ] || rm -f "$old"
  done
  ;;
*)
  echo "expected fetch or upload, got '${1:-}'" >&2
  exit 2
  ;;
esac
