"""Stand-ins for WhatsApp behind the engine port, for tests, benchmarks and load runs.

`fake_auto`: the adapter for `fake://auto`. `fake_engine`: a page without a browser. `fake_whatsapp`: the service behind
it, in memory; `durable_whatsapp`: the same in a file. `fake_timeline`: their time.
"""
