"""Sources of sounds become a table of clips, and the table becomes a store of log-mels.

`DATASETS` names the public data sets with an adapter: a function from the part after the colon in
``name:root`` to a `ClipTable`. A new one is a file and a line here.
"""

DATASETS = {
    "esc10": "soundalike.datasets.esc10:read_esc10",
    "esc50": "soundalike.datasets.esc50:read_esc50",
    "fsd50k": "soundalike.datasets.fsd50k:read_fsd50k",
    "fsdnoisy18k": "soundalike.datasets.fsdnoisy18k:read_fsdnoisy18k",
    "synthetic": "soundalike.datasets.synthetic:read_synthetic",
    "urbansound8k": "soundalike.datasets.urbansound8k:read_urbansound8k",
}
