"""Views: patches of a clip, mixed with a background and augmented, that still sound like the clip.

Views are made from log10-mel energies that are not standardized, ``[n, frames, bands]``.
"""

# An augmentation's place here is its place in a view, in whatever order a recipe names them.
AUGMENTATIONS = {
    "time_shift": "soundalike.views.shifting:TimeShift",
    "frequency_shift": "soundalike.views.shifting:FrequencyShift",
    "resized_crop": "soundalike.views.resized_crop:ResizedCrop",
    "reversal": "soundalike.views.reversal:Reversal",
    "compression": "soundalike.views.compression:Compression",
    "spec_augment": "soundalike.views.spec_augment:SpecAugment",
    "noise": "soundalike.views.noise:Noise",
    "blur": "soundalike.views.blurring:Blur",
}
