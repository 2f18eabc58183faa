#!/bin/sh
# One step of autopilot on a published repository: fetches it into $SITE, takes the step, uploads what it changed, and reads
# that at $URL as a device with the pin $PIN would. It takes back only. Words go to `nearside autopilot`: --steps 1,5,25 widens.
# The keys are in NEARSIDE_KEY_TARGETS, NEARSIDE_KEY_SNAPSHOT and NEARSIDE_KEY_TIMESTAMP, their passphrase, if they have
# one, in NEARSIDE_PASSPHRASE, and the read token of the collector in NEARSIDE_READ_TOKEN.
set -eu
: "${SITE:?expected the directory for a copy of the repository}"
: "${STORE:?expected the script that fetches and uploads it, such as ./s3.sh}"
: "${URL:?expected the address at which devices find the repository}"
: "${PIN:?expected the pin that pages open it with}"
: "${FLEET:?expected the address of the collector}"
: "${FACTS:?expected the file that the collector reads}"
export SITE

# Prints checksums of the files that change under their names.
changing() {
  for file in "$SITE"/metadata/timestamp.json "$SITE"/boot/*; do
    [ ! -f "$file" ] || cksum "$file"
  done
}

# It begins with what devices see, so what the last upload left out differs again.
"$STORE" fetch
before=$(changing)
code=0
nearside autopilot --repo "$SITE" --fleet "$FLEET" --facts "$FACTS" "$@" || code=$?
# An act is uploaded even where something else failed.
if [ "$(changing)" != "$before" ]; then
  "$STORE" upload
  nearside verify "$URL" --trust "$PIN"
fi
exit "$code"
