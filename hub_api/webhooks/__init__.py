"""Webhooks: what happens to a tenant's messages and sessions is posted to the addresses that it names."""
