"""The whole story on synthetic sounds, told on one page."""
