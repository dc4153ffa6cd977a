"""Recipes: the YAML files that come with the package, and their reader.

`recipe` reads and writes recipes, `sections` checks them, `errors` says what is wrong with one.
"""
