"""The engine on Playwright and wa-js: synchronous outside, asynchronous on one thread of its own."""
