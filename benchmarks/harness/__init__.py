"""What benchmarks share: a running LeadMaster, fresh databases, and how figures are summed up and shown."""
