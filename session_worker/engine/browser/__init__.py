"""The browser as a process: which one, how it is started, the lock it holds on its profile, its end. No Playwright."""
