"""What hub and workers say to each other: one frozen record for each event, command, question and answer."""
