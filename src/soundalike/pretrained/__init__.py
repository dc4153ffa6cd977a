"""Trained models that come with the package: one folder each, with a model card."""

from pathlib import Path

SHIPPED_MODELS = {
    config.parent.name: config.parent for config in Path(__file__).parent.glob("*/config.json")
}
