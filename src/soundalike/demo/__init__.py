"""The complete workflow on synthetic sounds, summarized on one page."""
