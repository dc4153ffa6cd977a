"""Views: patches of a clip, mixed with a background and augmented.

Patches are log10-mel energies before standardization, ``[n, frames, bands]``. Every operation first
draws its parameters and then applies them.
"""

# Views are augmented in this order, whatever the order of the keys in a recipe.
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
