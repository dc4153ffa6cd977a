"""Views: patches of a clip, mixed with a background and augmented, that still sound like the clip.

Views are made from log10-mel energies that are not standardised, ``[n, frames, bands]``.
"""

# An augmentation's place here is its place in a view. Shifts belong before the crop, reversal after
# it, masking before the noise and blurring after it.
AUGMENTATIONS = {
    "resized_crop": "soundalike.views.resized_crop:ResizedCrop",
    "compression": "soundalike.views.compression:Compression",
    "noise": "soundalike.views.noise:Noise",
}
