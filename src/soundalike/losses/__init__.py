"""Losses: contrastive ones compare two views of each clip, classification losses use labels.

A contrastive loss is called as ``loss(z_a, z_b, batch)``, with the projections [batch, dim] of the
two views of each clip. A classification loss is called as ``loss(logits, batch)``, with logits
[batch, classes]. Both return a scalar, the mean over the batch. Everything else that a loss may
need is in the `Batch`: clip ids, labels, weights and training progress.

Labels of a classification loss are the class of each clip, [batch] int64, or, for
``binary_cross_entropy``, 0 or 1 for every class of each clip, [batch, classes]. All but the first
two classification losses tolerate wrong labels. Those that remember clips keep their memory in
buffers (`soundalike.losses.classification_loss`).
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
    "label_smoothing": "soundalike.losses.label_smoothing:LabelSmoothing",
    "mixup": "soundalike.losses.mixup:Mixup",
    "lq": "soundalike.losses.lq:Lq",
    "soft_bootstrapping": "soundalike.losses.soft_bootstrapping:SoftBootstrapping",
    "hard_bootstrapping": "soundalike.losses.hard_bootstrapping:HardBootstrapping",
    "symmetric_cross_entropy": "soundalike.losses.symmetric_cross_entropy:SymmetricCrossEntropy",
    "elr": "soundalike.losses.elr:ELR",
    "forward_correction": "soundalike.losses.forward_correction:ForwardCorrection",
    "loss_pruning": "soundalike.losses.loss_pruning:LossPruning",
    "co_training": "soundalike.losses.co_training:CoTraining",
}
