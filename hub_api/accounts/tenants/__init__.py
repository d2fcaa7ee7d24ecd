"""Tenants: what is on record of each, what holds for it, and what session workers need to know of that."""
