#!/bin/sh
# Signs the metadata of the repository in $SITE anew and reads the result as a device with the pin
# $PIN would. The timestamp and snapshot keys are in NEARSIDE_KEY_TIMESTAMP and
# NEARSIDE_KEY_SNAPSHOT, their passphrase, if they have one, in NEARSIDE_PASSPHRASE.
set -eu
: "${SITE:?expected the directory of the repository}"
: "${PIN:?expected the pin that pages open it with}"

nearside renew --repo "$SITE"
nearside verify "$SITE" --trust "$PIN"
