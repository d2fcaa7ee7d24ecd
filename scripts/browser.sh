# A Chromium that starts: one given, one of the system, Playwright's own, or Debian's package. Sourced by setup.sh.

needs_no_sandbox="" # a browser that starts, but not with its sandbox

ensure_browser() {
    local path
    ensure_driver
    path="$(cat .make/browser 2>/dev/null || true)"
    if [ -n "$path" ] && [ -x "$path" ] && { [ -z "${BROWSER_PATH:-}" ] || [ "$path" = "$BROWSER_PATH" ]; }; then return; fi
    if [ -n "${BROWSER_PATH:-}" ]; then
        starts "$BROWSER_PATH" || [ -n "$needs_no_sandbox" ] || stop "BROWSER_PATH: $BROWSER_PATH does not start"
        return
    fi
    system_browser && return
    say "No Chromium here; asking Playwright for one …"
    if timeout 600 .venv/bin/python -m playwright install chromium >.make/playwright.log 2>&1; then
        own_browser && return
        say "It needs system libraries; installing them …"
        if [ "$(id -u)" = 0 ] || may_be_root; then
            as_root "$PWD/.venv/bin/python" -m playwright install-deps chromium >>.make/playwright.log 2>&1 || true
            own_browser && return
        fi
    fi
    say "Playwright's Chromium can't be had here."
    apt_install chromium || true
    system_browser && return
    if [ -n "$needs_no_sandbox" ]; then
        remember "$needs_no_sandbox"
        say "It starts only without its sandbox here. make demo does without; for make run, make doctor says what to do."
        return
    fi
    stop "no Chromium starts on this machine; run: sudo apt-get install chromium   (or set BROWSER_PATH)"
}

# Playwright's driver is a Node.js of its own, which needs a system library that small systems lack.
ensure_driver() {
    driver_starts && return
    apt_install libatomic1 || true
    driver_starts || stop "Playwright's driver does not start (.make/driver.log); run: sudo apt-get install libatomic1"
}

driver_starts() {
    is_done driver requirements.lock && return
    .venv/bin/python -m playwright --version >.make/driver.log 2>&1 && mark_done driver requirements.lock
}

system_browser() {
    local name path
    for name in chromium chromium-browser google-chrome-stable google-chrome; do
        path="$(command -v "$name" 2>/dev/null)" || continue
        starts "$path" && remember "$path" && return
    done
    return 1
}

own_browser() {
    local path
    path="$(.venv/bin/python -c '
from playwright.sync_api import sync_playwright
with sync_playwright() as playwright:
    print(playwright.chromium.executable_path)' 2>/dev/null)" || return 1
    [ -x "$path" ] && starts "$path" && remember "$path"
}

remember() {
    printf '%s\n' "$1" >.make/browser
    say "Browser: $1"
}

# A real start with a profile of its own, so that missing libraries show now and not at the first session.
starts() {
    local flags=()
    if [ "$(id -u)" = 0 ] || [ "${BROWSER_NO_SANDBOX:-}" = true ]; then flags+=(--no-sandbox); fi
    opens_a_page "$1" "${flags[@]}" && return
    [ ${#flags[@]} = 0 ] && opens_a_page "$1" --no-sandbox && needs_no_sandbox="$1"
    return 1
}

opens_a_page() {
    local profile result=1
    profile="$(mktemp -d)"
    timeout 60 "$@" --user-data-dir="$profile" --headless=new --disable-gpu --disable-dev-shm-usage \
        --dump-dom about:blank >.make/browser.log 2>&1 && result=0
    rm -rf "$profile" 2>/dev/null || true
    return $result
}
