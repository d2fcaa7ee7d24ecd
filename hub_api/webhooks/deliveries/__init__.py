"""Deliveries as callers see them: their log, a test, delivering again."""
