#!/bin/sh
# Playwright sets this, and Firefox then quits as soon as the process of a page has died.
unset MOZ_CRASHREPORTER_SHUTDOWN
exec /usr/bin/firefox-esr "$@"
