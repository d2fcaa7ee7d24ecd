"""Groups that a tenant's number is in."""
