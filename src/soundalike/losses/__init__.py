"""Losses: contrastive ones compare two views of each clip, the others a guess with a label.

A contrastive loss maps the projections ``z_a``, ``z_b`` to a scalar. A classification loss maps
``logits`` [batch, classes], the labels of their clips, and ``progress``, the share of the training
that is done, to a scalar: the mean over the batch. Labels are the class of each, [batch] int64, or,
for ``binary_cross_entropy``, 0 or 1 for every class of each, [batch, classes].
"""

LOSSES = {
    "nt_xent": "soundalike.losses.nt_xent:NTXent",
    "dcl": "soundalike.losses.dcl:DCL",
    "sup_con": "soundalike.losses.sup_con:SupCon",
    "barlow_twins": "soundalike.losses.barlow_twins:BarlowTwins",
    "vicreg": "soundalike.losses.vicreg:VICReg",
    "byol": "soundalike.losses.byol:BYOL",
}

CLASSIFICATION_LOSSES = {
    "cross_entropy": "soundalike.losses.cross_entropy:CrossEntropy",
    "binary_cross_entropy": "soundalike.losses.cross_entropy:BinaryCrossEntropy",
    "lq": "soundalike.losses.lq:Lq",
    "soft_bootstrapping": "soundalike.losses.soft_bootstrapping:SoftBootstrapping",
    "loss_pruning": "soundalike.losses.loss_pruning:LossPruning",
}
