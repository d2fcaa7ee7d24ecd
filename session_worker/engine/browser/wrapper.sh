#!/bin/sh
# Starts a browser that holds its profile's lock for exactly as long as it lives.
#
# The lock is an flock on descriptor 9, which the browser inherits through exec: it ends with the browser's main process,
# whatever becomes of the Python process and of Playwright's driver. The lock file names the holder: "<pid> <launch id>".
#
# From the environment: LEADMASTER_BROWSER, LEADMASTER_PROFILE, LEADMASTER_PROFILE_LOCK, LEADMASTER_LAUNCH_ID.
# Exits with 75 if another browser holds the profile. Waits half a second for it: who looks whether a profile is locked
# takes the lock for a moment.
set -eu

exec 9>>"$LEADMASTER_PROFILE_LOCK"
flock -w 0.5 9 || exit 75
printf '%s %s\n' "$$" "$LEADMASTER_LAUNCH_ID" >"$LEADMASTER_PROFILE_LOCK"

# We are the only owner: what a killed browser left behind (perhaps under another host name) must not stop this one.
rm -f -- "$LEADMASTER_PROFILE/SingletonLock" "$LEADMASTER_PROFILE/SingletonSocket" "$LEADMASTER_PROFILE/SingletonCookie"

# Of several lists of features a browser obeys the last one alone: Playwright's and ours become one.
off=
on=
for argument in "$@"; do
    shift
    case $argument in
        --disable-features=*) off=$off,${argument#*=} ;;
        --enable-features=*) on=$on,${argument#*=} ;;
        *) set -- "$@" "$argument" ;;
    esac
done
[ -z "$off" ] || set -- "$@" "--disable-features=${off#,}"
[ -z "$on" ] || set -- "$@" "--enable-features=${on#,}"

exec "$LEADMASTER_BROWSER" "$@"
