"""Recipes as YAML; `soundalike.recipes.recipe` reads them."""
