#!/bin/sh
# Releases the model directory $MODEL to $CANARY % of devices, and writes release.json. Each step is a gate: the first that
# fails ends the script with its exit code, and the repository in $SITE is as it was. Keys are in NEARSIDE_KEY_MODEL,
# NEARSIDE_KEY_TARGETS, NEARSIDE_KEY_SNAPSHOT and NEARSIDE_KEY_TIMESTAMP, their passphrase, if they have one, in
# NEARSIDE_PASSPHRASE.
set -eu
: "${MODEL:?expected the model directory}"
: "${ITEMS:?expected a folder of items with their right answers}"
: "${SITE:?expected the directory of the repository}"
: "${PIN:?expected the pin that pages open it with}"
: "${CANARY:=5}"

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
trap 'exit 1' HUP INT TERM

nearside pack "$MODEL" --evaluate "$ITEMS" --out "$work/packed"
# Publishes in a copy: what fails was never offered, and its version is free for the next attempt.
cp -R "$SITE" "$work/site"
seen() { cat "$1/metadata/timestamp.json" 2>/dev/null | cksum; }
before=$(seen "$work/site")
nearside publish "$work/packed" --repo "$work/site" --canary "$CANARY" --json >"$work/release.json"
node "$(dirname "$0")/open-as-device.mjs" "$work/site" "$work/release.json"
# What somebody else published meanwhile, such as a version taken back, stays.
if [ "$(seen "$SITE")" != "$before" ]; then
  echo "$SITE has changed meanwhile: nothing is released, try again" >&2
  exit 1
fi
cp -R "$work/site/." "$SITE"
cp "$work/release.json" .
