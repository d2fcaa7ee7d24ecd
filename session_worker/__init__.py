"""One process per tenant that owns one WhatsApp Web browser session, and the host that forks them.

`host` forks `worker`, which puts `session`, `sending` and `receiving` together over an `engine`.
"""
