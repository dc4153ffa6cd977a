"""The sounds of the synthetic data set: twenty classes, and others for labels out of vocabulary."""

from soundalike.synthesis import driven as driven
from soundalike.synthesis import noise as noise
from soundalike.synthesis import outside as outside
from soundalike.synthesis import strings as strings
from soundalike.synthesis import struck as struck
from soundalike.synthesis.elements import SoundGenerator

CLASS_SOUNDS: dict[str, SoundGenerator] = {
    "Acoustic_guitar": strings.acoustic_guitar,
    "Bass_guitar": strings.bass_guitar,
    "Clapping": struck.clapping,
    "Coin_(dropping)": struck.coin,
    "Crash_cymbal": struck.crash_cymbal,
    "Dishes_and_pots_and_pans": struck.dishes,
    "Engine": driven.engine,
    "Fart": driven.fart,
    "Fire": noise.fire,
    "Fireworks": noise.fireworks,
    "Glass": struck.glass,
    "Hi-hat": struck.hi_hat,
    "Piano": strings.piano,
    "Rain": noise.rain,
    "Slam": struck.slam,
    "Squeak": driven.squeak,
    "Tearing": noise.tearing,
    "Walk_or_footsteps": struck.footsteps,
    "Wind": noise.wind,
    "Writing": noise.writing,
}

OUTSIDE_SOUNDS: dict[str, SoundGenerator] = {
    "bell": outside.bell,
    "birds": outside.birds,
    "bubbling": outside.bubbling,
    "game": outside.game,
    "insects": outside.insects,
    "siren": outside.siren,
    "telephone": outside.telephone,
    "voice": outside.voice,
}
