"""The table of sounds: a generator for each kind of sound, by its name."""

from soundalike.synthesis import driven as driven
from soundalike.synthesis import noise as noise
from soundalike.synthesis import percussion as percussion
from soundalike.synthesis import signals as signals
from soundalike.synthesis import strings as strings
from soundalike.synthesis import struck as struck
from soundalike.synthesis.elements import SoundGenerator

SOUNDS: dict[str, SoundGenerator] = {
    "Acoustic_guitar": strings.acoustic_guitar,
    "Bass_guitar": strings.bass_guitar,
    "Clapping": percussion.clapping,
    "Coin_(dropping)": struck.coin,
    "Crash_cymbal": percussion.crash_cymbal,
    "Dishes_and_pots_and_pans": struck.dishes,
    "Engine": driven.engine,
    "Fart": driven.fart,
    "Fire": noise.fire,
    "Fireworks": noise.fireworks,
    "Glass": struck.glass,
    "Hi-hat": percussion.hi_hat,
    "Piano": strings.piano,
    "Rain": noise.rain,
    "Slam": struck.slam,
    "Squeak": driven.squeak,
    "Tearing": noise.tearing,
    "Walk_or_footsteps": struck.footsteps,
    "Wind": noise.wind,
    "Writing": noise.writing,
    "bell": signals.bell,
    "birds": signals.birds,
    "bubbling": signals.bubbling,
    "game": signals.game,
    "insects": signals.insects,
    "siren": signals.siren,
    "telephone": signals.telephone,
    "voice": signals.voice,
}
