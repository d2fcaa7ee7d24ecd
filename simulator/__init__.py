"""A stand-in WhatsApp Web with a virtual phone.

It serves a page on which the unmodified wa-js runs, keeps the truth about phones, devices and messages on the server
as the real one does, and misbehaves on demand. `python -m simulator --port 0 --data DIR` starts it; others use
`simulator.client` and nothing else of it. It imports nothing of the other packages.

`world/` is what the server knows, `server/` how it is reached, `page/` the stand-in page, `phone/` the virtual phone;
docs/simulator.md tells the rest.
"""
