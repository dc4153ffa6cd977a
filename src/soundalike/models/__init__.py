"""Encoders, from a patch to its embedding h, and the head that projects h to z.

Patches are [batch, 1, frames, bands], standardized; h is [batch, dim]; maps inside a network are
[batch, channels, frames, bands]. `ENCODERS` names the encoders; each is an
`soundalike.models.encoder.Encoder`.
"""

ENCODERS = {
    "resnet18": "soundalike.models.resnet:ResNet18",
    "vgg": "soundalike.models.vgg:VGG",
    "crnn": "soundalike.models.crnn:CRNN",
    "band_cnn": "soundalike.models.band_cnn:BandCNN",
    "audio_ntt": "soundalike.models.audio_ntt:AudioNTT",
    "frequency_resnet": "soundalike.models.frequency_resnet:FrequencyResNet",
    "timm": "soundalike.models.timm_model:TimmModel",
    "fsdnoisy18k_baseline": "soundalike.models.fsdnoisy18k_baseline:FSDnoisy18kBaseline",
}
