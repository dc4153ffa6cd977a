"""How good a representation is: arrays in, arrays and numbers out.

``metrics`` counts (``average_precision`` where clips have several labels), ``clip_scores`` makes
clips of patches, ``knn`` and ``linear_probe`` are the two ways to question a frozen encoder,
``intervals`` says how far a number can be trusted, and ``thresholds`` when an answer can be.

Labels are the class of each clip, ``[clips]``, or 0 and 1 for every class where clips have several,
``[clips, classes]``; the number of axes tells which.
"""
