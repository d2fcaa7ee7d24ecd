"""Each name of the bridge's table taken away in turn, on a real page with the real wa-js: what the probe says of it.

One browser for all: the page is loaded anew with another name missing. What a session does about each verdict stands in
`tests/unit/worker/test_session_builds.py`; that nothing is lost over it, in `tests/e2e/test_drift.py`.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from session_worker.drift.judging import Behaviour, judge
from session_worker.engine.port import EngineError, ProbeReport
from shared.builds.verdict import Capability, Standing
from testing.waiting import until
from tests.contract.engine.engine_run import EngineRun
from tests.contract.engine.engine_world import SimulatorWorld, link, new_number, new_run

NAMES_JS = Path(__file__).parents[3] / "session_worker" / "engine" / "bridge" / "names.js"

# Under which name the page has what a row of the table asks for. Every row must stand here.
ON_THE_PAGE = {
    "Conn": "WAWebConnModel.Conn",
    "Socket": "WAWebSocketModel.Socket",
    "Stream": "WAWebStreamModel.Stream",
    "NetworkStatus": "WAWebNetworkStatus.default",
    "ChatStore": "WAWebChatCollection.ChatCollection",
    "UserPrefs": "WAWebUserPrefsMeUser",
    "functions.isRegistered": "WAWebUserPrefsRegistration.isRegistered",
    "multidevice.waSignalStore": "WAWebSignalStoreApi.waSignalStore",
    "Wid": "WAWebWid.default",
    "WidFactory": "WAWebWidFactory",
    "MsgKey": "WAWebMsgKey.default",
    "MsgStore": "WAWebMsgCollection.MsgCollection",
    "functions.findOrCreateLatestChat": "WAWebFindChatAction.findOrCreateLatestChat",
    "functions.randomMessageId": "WAWebMsgKey.default.newId",
    "functions.addAndSendMsgToChat": "WAWebSendMsgChatAction.addAndSendMsgToChat",
    "WAWebResendMsgAction.resendMsg": "WAWebResendMsgAction.resendMsg",
    "functions.handleChatSimpleReceipt": "WAWebHandleChatSimpleReceipt.handleChatSimpleReceipt",
    "MsgModel": "WAWebMsgModel",
    "functions.createOrUpdateReactions": "WAWebReactionsMsgAction.addOrUpdateReactionsModelCollection",
    "functions.upsertVotes": "WAWebDBPollsUpsertVotes.upsertVotesDb",
    "functions.getReactions": "WAWebDBGetReactions.getReactions",
    "functions.getTableVotes": "WAWebPollsVotesSchema.getTable",
    "PlaceholderMessageResendUtils.handlePlaceholderMsgsSeen": (
        "WAWebNonMessageDataRequestPlaceholderMessageResendUtils.handlePlaceholderMsgsSeen"
    ),
    "ContactStore": "WAWebContactCollection.ContactCollection",
    "functions.queryWidExists": "WAWebQueryExistsJob.queryWidExists",
    "functions.sendSeen": "WAWebUpdateUnreadChatAction.sendSeen",
    "lidPnCache": "WAWebLidPnCache.lidPnCache",
    "WAWebMexFetchReachoutTimelockJob.mexFetchReachoutTimelock": (
        "WAWebMexFetchReachoutTimelockJob.mexFetchReachoutTimelock"
    ),
    "WAWebMexFetchNewChatMessageCappingInfoJob.mexFetchNewChatMessageCapping": (
        "WAWebMexFetchNewChatMessageCappingInfoJob.mexFetchNewChatMessageCapping"
    ),
    "WAWebDownloadManager.downloadManager": "WAWebDownloadManager.downloadManager",
    "functions.getABPropConfigValue": "WAWebABProps.getABPropConfigValue",
}


class Page:
    """A linked page that can be loaded anew without some name."""

    def __init__(self, world: SimulatorWorld, run: EngineRun, phone: str) -> None:
        self._world = world
        self._run = run
        self._phone = phone
        self._versions = itertools.count(2_000_000_000)

    def load_without(self, *names: str) -> ProbeReport:
        """Loads a new build that lacks these; returns the first report of it that wa-js had the time for."""
        version = f"2.3000.{next(self._versions)}"
        self._world.serve(version, *names)
        self._world.reload(self._phone, self._run.engine)

        unready: list[ProbeReport] = []

        def reported() -> ProbeReport | None:
            try:
                report = self._run.engine.probe()
            except EngineError:  # the page is just being left
                return None
            if report.web_version != version or report.full_ready_ms is not None:
                return report if report.web_version == version else None
            # One without which the page never gets further: what is missing is so once its scripts have all run.
            if report.missing:
                unready.append(report)
            older = [one for one in unready if one.age_ms < report.age_ms - 4_000]
            return report if older and older[-1].missing == report.missing else None

        return until(reported, 30, f"a report on a page without {names}")


@pytest.fixture(scope="module")
def page(simulator: SimulatorWorld, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Page]:
    run = new_run(simulator, tmp_path_factory.mktemp("names")).start()
    phone = new_number()
    simulator.add_phone(phone, "Negocio")
    try:
        link(simulator, run, phone)
        yield Page(simulator, run, phone)
    finally:
        simulator.serve("2.3000.1044822804")
        run.engine.stop()


def test_every_row_of_the_table_is_known_here() -> None:
    table = NAMES_JS.read_text("utf-8").partition("Object.freeze({")[2].partition("\n});")[0]
    rows = re.findall(r"^  (?:'([^']+)'|(\w+)): (?:aFunction|anObject)\(", table, re.MULTILINE)

    assert {quoted or bare for quoted, bare in rows} == set(ON_THE_PAGE)


@pytest.mark.parametrize("name", list(ON_THE_PAGE))
def test_a_name_that_is_taken_away_is_named_and_judged(page: Page, name: str) -> None:
    report = page.load_without(ON_THE_PAGE[name])

    gone = {one.name for one in report.missing}
    lost = {one.capability for one in report.missing if not one.has_fallback}
    verdict = judge(report, Behaviour(), linked=True)
    if report.full_ready_ms is None:  # wa-js itself waits for it for ever
        verdict = judge(report, Behaviour(unready_loads=3), linked=True)
    assert name in gone
    assert verdict is not None
    if Capability.SESSION in lost or report.full_ready_ms is None:
        assert verdict.standing is Standing.BROKEN
    elif lost:
        assert (verdict.standing, verdict.capabilities) == (Standing.DEGRADED, lost)
    else:
        assert verdict.standing is Standing.OK


def test_a_page_that_has_all_of_them_again_is_ok(page: Page) -> None:
    report = page.load_without()

    assert report.missing == ()
    verdict = judge(report, Behaviour(), linked=True)
    assert verdict is not None
    assert verdict.standing is Standing.OK


def test_what_wa_js_complains_of_is_collected(page: Page) -> None:
    report = page.load_without("WAWebSendMsgChatAction.addAndSendMsgToChat")

    assert any("addAndSendMsgToChat" in complaint for complaint in report.complaints), report.complaints
