"""What benchmarks share: the processes of a run, LeadMaster among them, and how figures are summed up and shown."""
