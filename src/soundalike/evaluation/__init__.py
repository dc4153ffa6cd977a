"""How good a representation is: arrays in, arrays and numbers out.

``metrics`` counts, ``clip_scores`` makes clips of patches, ``knn`` and ``linear_probe`` are the two
ways to question a frozen encoder, and ``intervals`` says how far a number can be trusted.
"""
