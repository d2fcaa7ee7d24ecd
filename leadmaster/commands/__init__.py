"""The commands, by subject. Each imports what it starts only when it runs: `--help` loads nothing heavy."""
