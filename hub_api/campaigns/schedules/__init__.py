"""On which days and hours a campaign may send, approved by an admin."""
