"""What was launched and how it went: an append-only journal, and its fold."""
