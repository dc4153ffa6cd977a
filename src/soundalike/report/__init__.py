"""The pages people look at: one HTML file each, that needs nothing but itself.

``page`` makes the pieces (pictures, sounds, tables) and ``charts`` draws; ``demo`` writes the page
of a demo run from its ``story``, headed by a ``verdict``.
"""
