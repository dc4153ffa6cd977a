"""Sound becomes numbers here: a file to a waveform, a waveform to a log-mel, a log-mel to patches.

Everything downstream works on log10 mel energies with the axes ``[frames, bands]``;
:mod:`soundalike.audio.log_mel` defines them.
"""
