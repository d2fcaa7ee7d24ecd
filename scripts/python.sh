# The virtual environment with the locked packages. Sourced by setup.sh.

PYTHON="${PYTHON:-python3}"

# $1: runtime or dev.
ensure_python() {
    local lock=requirements.lock
    [ "$1" = dev ] && lock=requirements-dev.lock
    check_version
    [ -x .venv/bin/python ] && .venv/bin/python -m pip --version >/dev/null 2>&1 || make_environment
    if ! is_done python-dev requirements-dev.lock pyproject.toml && ! is_done "python-$1" "$lock" pyproject.toml; then
        say "Installing Python packages ($lock) …"
        quietly pip .venv/bin/python -m pip install --disable-pip-version-check --require-hashes -r "$lock" ||
            stop "pip could not install $lock (whole output: .make/pip.log)"
        # Built with the environment's own setuptools: nothing further is looked up.
        quietly pip-self .venv/bin/python -m pip install --disable-pip-version-check --no-deps --no-build-isolation -e . ||
            stop "the project itself could not be installed (whole output: .make/pip-self.log)"
        mark_done "python-$1" "$lock" pyproject.toml
    fi
}

check_version() {
    command -v "$PYTHON" >/dev/null 2>&1 || stop "python3 is missing; run: sudo apt-get install python3 python3-venv"
    "$PYTHON" -c 'import sys; sys.exit(sys.version_info < (3, 11))' ||
        stop "$("$PYTHON" --version) is too old; LeadMaster needs Python 3.11 or newer (set PYTHON=/path/to/python)"
}

make_environment() {
    say "Making a Python environment (.venv) …"
    rm -rf .venv .make/python-*
    if "$PYTHON" -c 'import ensurepip, venv' >/dev/null 2>&1; then
        :
    elif "$PYTHON" -m virtualenv --version >/dev/null 2>&1; then
        quietly venv "$PYTHON" -m virtualenv .venv || stop "virtualenv failed (.make/venv.log)"
        return
    else
        apt_install python3-venv || stop "python3-venv is missing; run: sudo apt-get install python3-venv"
    fi
    quietly venv "$PYTHON" -m venv .venv || stop "the environment could not be made (.make/venv.log)"
}
