"""Import LanceDB in half the time.

It brings the client of a service that archives do not use: 160 modules with hundreds of models and
validators. They are imported when the first of them is used, which is never; other models and
validators are built then.
"""

import functools
import importlib
import os
import sys
import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from importlib.abc import Loader, MetaPathFinder
from importlib.machinery import ModuleSpec
from types import ModuleType
from typing import Any

LIBRARY, CLIENT = "lancedb", "lance_namespace_urllib3_client"
USERS_OF_CLIENT = (LIBRARY, "lance_namespace")
SETTINGS = {
    "LANCEDB_LOG": "error",  # its warnings name parts of its own
    # Otherwise it reads up to 2 GB ahead of what it writes when it joins files.
    "LANCE_DEFAULT_IO_BUFFER_SIZE": str(32 * 2**20),
    "LANCE_DEFAULT_BATCH_SIZE": "2048",  # rows
}


def import_lancedb() -> ModuleType:
    """Return LanceDB, whose import takes most of a second and starts threads."""
    if LIBRARY in sys.modules:
        return sys.modules[LIBRARY]
    for name, value in SETTINGS.items():
        os.environ.setdefault(name, value)
    with warnings.catch_warnings(action="ignore"), late_building(), trusted_overrides():
        lancedb = import_without(CLIENT, LIBRARY, USERS_OF_CLIENT)
    # Worker processes, which do not use it, would warn that they were forked.
    warnings.filterwarnings("ignore", "lancedb fork support", RuntimeWarning)
    return lancedb


def import_without(client: str, library: str, users: Sequence[str]) -> ModuleType:
    """Import a library whose modules name classes of a client, and import the client when needed.

    Args:
        client: package whose classes are imported when they are called. If it has been imported,
            nothing is done about it.
        library: the package to import.
        users: all packages that name classes of the client. If the library needs more of it than
            names, they are imported again, with the client.
    """
    if client in sys.modules:
        return importlib.import_module(library)
    try:
        with late_classes(client):
            return importlib.import_module(library)
    except Exception:  # of a version that uses the classes while it is imported
        for name, module in [*sys.modules.items()]:
            is_compiled = not (getattr(module, "__file__", None) or "").endswith(".py")
            if name.partition(".")[0] in users and not is_compiled:
                del sys.modules[name]
        return importlib.import_module(library)


@contextmanager
def late_classes(package: str) -> Iterator[None]:
    """Stand in for the modules of a package that are imported within the context.

    Every name in them is a class. Calling it imports the package, and calls the class itself.
    """
    finder = _LateModules(package)
    sys.meta_path.insert(0, finder)
    try:
        yield
    finally:
        sys.meta_path.remove(finder)
        for name in [*sys.modules]:
            if name.partition(".")[0] == package:
                del sys.modules[name]


class _LateModules(MetaPathFinder, Loader):
    """Finds modules of a package that have every class one asks for."""

    def __init__(self, package: str) -> None:
        self.package = package

    def find_spec(
        self, name: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        if name.partition(".")[0] == self.package:
            return ModuleSpec(name, self, is_package=True)
        return None

    def exec_module(self, module: ModuleType) -> None:
        def get(name: str) -> type:
            if name.startswith("__"):
                raise AttributeError(name)
            setattr(module, name, late_class(module.__name__, name))
            return getattr(module, name)

        # Python asks a module of this name for what it lacks (PEP 562); mypy sees a method.
        module.__getattr__ = get  # type: ignore[method-assign]


def late_class(module: str, name: str) -> type:
    """Return a class that stands for one of a module, which is imported when it is called."""

    def new(cls: type, *arguments: Any, **settings: Any) -> Any:
        return getattr(importlib.import_module(module), name)(*arguments, **settings)

    return type(name, (), {"__new__": new, "__module__": module})


@contextmanager
def late_building() -> Iterator[None]:
    """Have the models and validators of pydantic that are defined within the context built late."""
    import pydantic

    validate_call, config = pydantic.validate_call, pydantic.BaseModel.model_config
    late = pydantic.ConfigDict(defer_build=True)
    # A partial function is no overloaded one, which mypy expects; it takes the same arguments.
    pydantic.validate_call = functools.partial(validate_call, config=late)  # type: ignore[assignment]
    pydantic.BaseModel.model_config = late
    try:
        yield
    finally:
        pydantic.validate_call = validate_call
        pydantic.BaseModel.model_config = config


@contextmanager
def trusted_overrides() -> Iterator[None]:
    """Have methods that are marked to override others taken as they are, within the context.

    The check of the library `overrides` reads the bytecode of a class for each of its methods.
    """
    try:
        import overrides
    except ImportError:  # LanceDB may do without it
        yield
        return

    def mark(method: Any = None, **settings: Any) -> Any:
        if method is None:
            return mark
        method.__override__ = True
        return method

    override = overrides.override
    overrides.override = mark
    try:
        yield
    finally:
        overrides.override = override
