"""Read sources of sounds into a table of clips, and prepare a store of their log-mels.

`DATASETS` names the adapters of public data sets: functions from the part after the colon in
``name:root`` to a `ClipTable`. `TABLE_FORMATS` names the formats of annotations that other programs
write: modules with two functions, `recognizes` and `read`. Adding one takes a file and a line here.
"""

DATASETS = {
    "esc10": "soundalike.datasets.esc10:read_esc10",
    "esc50": "soundalike.datasets.esc50:read_esc50",
    "fsd50k": "soundalike.datasets.fsd50k:read_fsd50k",
    "fsdnoisy18k": "soundalike.datasets.fsdnoisy18k:read_fsdnoisy18k",
    "synthetic": "soundalike.datasets.synthetic:read_synthetic",
    "urbansound8k": "soundalike.datasets.urbansound8k:read_urbansound8k",
}

TABLE_FORMATS = {
    "Raven selection table": "soundalike.datasets.raven",
    "BirdNET results": "soundalike.datasets.birdnet",
    "Audacity labels": "soundalike.datasets.audacity",
}
