"""Scores, classifiers of frozen embeddings, intervals and diagnostics: arrays in, numbers out.

Conventions of this package:

* Labels are [clips] int, the class of each clip; or [clips, classes], 0 or 1, if clips have several
  labels. The number of axes tells which. Functions take labeled clips only.
* Scores are [clips, classes], higher for more likely classes. They are probabilities where a
  docstring says so.
* Embeddings h are [patches, dim]. ``clips`` [patches] says which clip a patch was cut from, as a
  row of the labels.
* A test clip is one observation: patches of a clip are averaged before anything is counted.

``metrics`` and ``average_precision`` score predictions, ``clip_scores`` averages patches, ``knn``
and ``linear_probe`` classify frozen embeddings, ``intervals`` computes confidence intervals,
``thresholds`` finds when to answer "unsure", ``conformal`` when to answer "none of these",
``temperature`` makes probabilities right, ``reliability`` says if they are.
``representation_measures`` and ``diagnosis`` need no labels.
"""
