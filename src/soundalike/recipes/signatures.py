"""The parameters of constructors and their descriptions, read from their source files.

Recipes are checked before anything is computed. Importing a constructor to inspect it would import
torch, which takes seconds, so its signature is read from the syntax tree of its module instead.
"""

import ast
import builtins
import dataclasses
import importlib.util
import re
from functools import cache
from inspect import Parameter
from pathlib import Path
from pkgutil import resolve_name
from typing import Any


@cache
def parameters(constructor: str, skip: frozenset[str] = frozenset()) -> tuple[Parameter, ...]:
    """Return the named parameters of a class's own constructor, with their types and defaults.

    Inherited constructors, ``*args`` and ``**kwargs`` have no named parameters.

    Args:
        constructor: import string ``package.module:Class``; a dataclass or a class with
            ``__init__``.
        skip: parameters that are left out, so that their types may be anything.
    """
    module, _, name = constructor.partition(":")
    return tuple(
        Parameter(
            name,
            Parameter.KEYWORD_ONLY,
            default=Parameter.empty if default is None else _default(module, default),
            annotation=_evaluate(module, annotation),
        )
        for name, annotation, default in _declarations(_class(module, name))
        if annotation is not None and name not in skip
    )


@cache
def descriptions(constructor: str) -> dict[str, str]:
    """Return what the docstring of a class says of each argument, in one line each.

    Args:
        constructor: import string ``package.module:Class``, with a docstring in Google style.
    """
    _, _, arguments = _docstring(constructor).partition("\nArgs:\n")
    texts: dict[str, str] = {}
    name = ""
    for line in arguments.splitlines():
        if line and not line.startswith("    "):
            break  # the next part of the docstring
        if match := re.match(r"    (\w+): (.*)", line):
            name, texts[match[1]] = match[1], match[2]
        elif name and line.startswith("        "):
            texts[name] += f" {line.strip()}"
    return {name: text.replace("`", "") for name, text in texts.items()}


def summary(constructor: str) -> str:
    """Return the first sentence of the docstring of a class."""
    return " ".join(_docstring(constructor).partition("\n\n")[0].split()).replace("`", "")


def _docstring(constructor: str) -> str:
    module, _, name = constructor.partition(":")
    return ast.get_docstring(_class(module, name)) or ""


def _class(module: str, name: str) -> ast.ClassDef:
    for node in _syntax_tree(module).body:
        if isinstance(node, ast.ClassDef) and node.name == name:
            return node
    raise LookupError(f"{module} defines no class {name}")


def _declarations(node: ast.ClassDef) -> list[tuple[str, ast.expr | None, ast.expr | None]]:
    """Return name, type and default of each parameter of a class."""
    for member in node.body:
        if isinstance(member, ast.FunctionDef) and member.name == "__init__":
            arguments = member.args
            n_required = len(arguments.args) - len(arguments.defaults)
            defaults = [*[None] * n_required, *arguments.defaults, *arguments.kw_defaults]
            nodes = [*arguments.args, *arguments.kwonlyargs]
            pairs = zip(nodes, defaults, strict=True)
            return [(each.arg, each.annotation, default) for each, default in pairs]
    return [
        (member.target.id, member.annotation, member.value)
        for member in node.body
        if isinstance(member, ast.AnnAssign) and isinstance(member.target, ast.Name)
    ]


@cache
def _syntax_tree(module: str) -> ast.Module:
    spec = importlib.util.find_spec(module)
    if spec is None or spec.origin is None:
        raise ModuleNotFoundError(f"{module} has no source file")
    return ast.parse(Path(spec.origin).read_text(encoding="utf-8"))


def _default(module: str, expression: ast.expr) -> Any:
    value = _evaluate(module, expression)
    if isinstance(value, dataclasses.Field):
        return value.default_factory() if callable(value.default_factory) else value.default
    return value


def _evaluate(module: str, expression: ast.expr) -> Any:
    """Return the value of an expression, with the names that it has in a module."""
    names = {node.id for node in ast.walk(expression) if isinstance(node, ast.Name)}
    code = compile(ast.Expression(expression), module, "eval")
    return eval(code, {name: _value(module, name) for name in names})


def _value(module: str, name: str) -> Any:
    """Return what a name means in a module: an assignment, an import or a built-in."""
    for node in _syntax_tree(module).body:
        if isinstance(node, ast.Assign) and name in [ast.unparse(each) for each in node.targets]:
            return _evaluate(module, node.value)
        if isinstance(node, ast.ImportFrom) and name in [alias.name for alias in node.names]:
            if str(node.module).startswith("soundalike."):
                return _value(str(node.module), name)
            return resolve_name(f"{node.module}:{name}")
    return getattr(builtins, name)
