"""Contrastive losses: from the projections of two views of each clip to a scalar."""

LOSSES = {
    "nt_xent": "soundalike.losses.nt_xent:NTXent",
}
