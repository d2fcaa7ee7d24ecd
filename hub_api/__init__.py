"""The Flask hub: REST calls, records and the background tasks that keep them. Knows no browser."""
