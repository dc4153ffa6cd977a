"""Recipes as YAML; `soundalike.training.recipe` reads them."""
