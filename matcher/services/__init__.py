"""Use cases. A service takes a session and never commits: the caller owns the transaction."""
