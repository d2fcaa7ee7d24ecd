# The programs of a PostgreSQL server, for tests alone: they start a cluster of their own in a temporary directory as an
# ordinary user. Sourced by setup.sh --dev.

ensure_postgres() {
    has_postgres && return
    apt_install postgresql || true
    has_postgres || say "PostgreSQL is missing: its tests will fail; run: sudo apt-get install postgresql"
}

has_postgres() {
    command -v initdb >/dev/null 2>&1 && return
    ls /usr/lib/postgresql/*/bin/initdb >/dev/null 2>&1
}
