"""Whether Chromium's own sandbox can work here, and what to do where it can't.

It needs a new user namespace, which some kernels and containers give to root alone, or a setuid helper beside the
browser. Today's Ubuntu gives namespaces only to programs for which AppArmor has a profile that says so.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from dataclasses import dataclass, replace
from pathlib import Path

_KERNEL = Path("/proc/sys")
_TRY_S = 30


@dataclass(frozen=True, slots=True)
class Machine:
    """What the machine says. The kernel's switches are None where it has none."""

    is_root: bool
    unprivileged_userns_clone: int | None = None  # kernel.…, Debian's: 0 forbids
    max_user_namespaces: int | None = None  # user.…: 0 forbids
    apparmor_restrict_unprivileged_userns: int | None = None  # kernel.…, Ubuntu's: 1 wants a profile
    unshare_works: bool | None = None  # a real try of an ordinary program; None: there was nothing to try it with
    browser_starts: bool = False  # the browser itself did, with its sandbox: by a setuid helper or a profile of its own


@dataclass(frozen=True, slots=True)
class Sandbox:
    """works: whether a browser can start with it. cause, advice: for a person, where it can't."""

    works: bool
    cause: str = ""
    advice: tuple[str, ...] = ()


def judge(machine: Machine, browser: str) -> Sandbox:
    """What follows for a browser. browser: its path, for the advice."""
    if machine.is_root:
        return Sandbox(False, "it never works under root", ("run LeadMaster as an ordinary user",))
    if machine.unshare_works or machine.browser_starts:
        return Sandbox(True)
    if machine.max_user_namespaces == 0:
        return _forbidden("user.max_user_namespaces is 0", "user.max_user_namespaces=15000")
    if machine.unprivileged_userns_clone == 0:
        return _forbidden("kernel.unprivileged_userns_clone is 0", "kernel.unprivileged_userns_clone=1")
    if machine.apparmor_restrict_unprivileged_userns:
        return Sandbox(
            False,
            "AppArmor gives user namespaces only to programs that have a profile (today's Ubuntu)",
            (
                "give the browser one:  printf 'abi <abi/4.0>,\\ninclude <tunables/global>\\n"
                f'profile leadmaster-chromium "{browser}" flags=(unconfined) {{ userns, }}\\n\' '
                "| sudo tee /etc/apparmor.d/leadmaster-chromium && sudo apparmor_parser -r "
                "/etc/apparmor.d/leadmaster-chromium",
                "or allow them to all programs:  sudo sysctl -w kernel.apparmor_restrict_unprivileged_userns=0",
                *_OTHERWISE,
            ),
        )
    if machine.unshare_works is False:
        return Sandbox(
            False,
            "this user gets no user namespace, as in most containers",
            ("in a container, allow them in its seccomp profile", *_OTHERWISE),
        )
    return Sandbox(True)


_OTHERWISE = (
    "or set BROWSER_PATH to a Chromium with a setuid helper or a profile of its own, as a distribution's or Google's",
    "or set BROWSER_NO_SANDBOX=true, where all that the browser opens is trusted",
)


def _forbidden(cause: str, switch: str) -> Sandbox:
    return Sandbox(False, cause, (f"sudo sysctl -w {switch}   (kept over a restart: in /etc/sysctl.d/)", *_OTHERWISE))


def look(browser: Path) -> Sandbox:
    """What holds for a browser on this machine. The browser itself is only tried where the rest speaks against it."""
    machine = Machine(
        is_root=os.geteuid() == 0,
        unprivileged_userns_clone=_switch("kernel/unprivileged_userns_clone"),
        max_user_namespaces=_switch("user/max_user_namespaces"),
        apparmor_restrict_unprivileged_userns=_switch("kernel/apparmor_restrict_unprivileged_userns"),
        unshare_works=_succeeds("unshare", "--user", "--map-root-user", "true"),
    )
    path = browser.resolve()
    found = judge(machine, str(path))
    if found.works or machine.is_root:
        return found
    return judge(replace(machine, browser_starts=_opens_a_page(browser)), str(path))


def _switch(name: str) -> int | None:
    try:
        return int((_KERNEL / name).read_text("ascii"))
    except (OSError, ValueError):
        return None


def _opens_a_page(browser: Path) -> bool:
    with tempfile.TemporaryDirectory(prefix="lm-sandbox-", ignore_cleanup_errors=True) as profile:
        headless = ("--headless=new", "--disable-gpu", "--disable-dev-shm-usage", "--dump-dom", "about:blank")
        return bool(_succeeds(str(browser), f"--user-data-dir={profile}", *headless))


def _succeeds(program: str, *arguments: str) -> bool | None:
    """Whether a program ends well; None where there is no such program, or it does not end."""
    path = shutil.which(program)
    if path is None:
        return None
    try:
        done = subprocess.run([path, *arguments], capture_output=True, timeout=_TRY_S, check=False)
    except (OSError, subprocess.TimeoutExpired):
        return None
    return done.returncode == 0
