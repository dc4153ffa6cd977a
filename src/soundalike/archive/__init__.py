"""Rows of windows and their vectors on disk, and the nearest vectors: tables and arrays only."""
