"""Users, API keys and tenants; login and tokens; the audit trail."""
