"""See and hear an archive: a server on this machine, and its page."""
