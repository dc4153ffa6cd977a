"""Sounds into an archive, and from a sound to those that are most like it."""
