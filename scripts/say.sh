# What every set-up script shares: how it speaks and how it asks for root. Sourced, not run.

say() { printf '  %s\n' "$*"; }

# Stops with one clear line.
stop() {
    printf '\n  Set-up stopped: %s\n' "$*" >&2
    exit 1
}

# True where commands can be run as root: we are root, or sudo works (it may ask for a password on a terminal).
may_be_root() {
    [ "$(id -u)" = 0 ] && return 0
    command -v sudo >/dev/null 2>&1 || return 1
    sudo -n true >/dev/null 2>&1 || [ -t 0 ]
}

as_root() {
    if [ "$(id -u)" = 0 ]; then "$@"; else sudo "$@"; fi
}

# Installs Debian packages quietly; false where that can't be done. The package lists are read once per set-up.
apt_install() {
    command -v apt-get >/dev/null 2>&1 && may_be_root || return 1
    say "Installing with apt: $* …"
    if [ ! -e .make/apt-lists ]; then
        as_root apt-get update -qq >.make/apt.log 2>&1 || return 1
        touch .make/apt-lists
    fi
    # RUNLEVEL=1: a package's service isn't started.
    as_root env DEBIAN_FRONTEND=noninteractive RUNLEVEL=1 \
        apt-get install -y -qq --no-install-recommends "$@" >>.make/apt.log 2>&1
}

# Runs a command silently and shows its last lines only where it fails. $1: name of its log under .make.
quietly() {
    local log=".make/$1.log"
    shift
    "$@" >"$log" 2>&1 || {
        tail -n 15 "$log" >&2
        return 1
    }
}

# A stamp says that a step was done for these inputs. $1: name, rest: the files it was made from.
stamp_of() { shift; cat "$@" | sha256sum | cut -c1-32; }
is_done() { [ -e ".make/$1" ] && [ "$(cat ".make/$1")" = "$(stamp_of "$@")" ]; }
mark_done() { stamp_of "$@" >".make/$1"; }
