"""Sounds made by code: from a random generator and a number of samples to a waveform."""
