"""Import LanceDB in half the time.

It brings the client of a service that archives do not use: 150 modules with hundreds of models and
validators. Here the modules that call the service are left out, and a model or a validator is built
when it is first used.
"""

import functools
import importlib.util
import sys
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from types import ModuleType

CLIENT = "lance_namespace_urllib3_client"  # only its models are used, as types


def import_lancedb() -> ModuleType:
    """Return LanceDB, whose import takes a second and starts threads."""
    if "lancedb" in sys.modules:
        return sys.modules["lancedb"]
    with warnings.catch_warnings(action="ignore"), only_submodules(CLIENT), late_building():
        import lancedb
    # Worker processes, which do not use it, would warn that they were forked.
    warnings.filterwarnings("ignore", "lancedb fork support", RuntimeWarning)
    return lancedb


@contextmanager
def only_submodules(name: str) -> Iterator[None]:
    """Have submodules of a package imported without the package's own code, within the context."""
    spec = importlib.util.find_spec(name)
    if name in sys.modules or spec is None or spec.submodule_search_locations is None:
        yield
        return
    package = ModuleType(name)
    package.__path__ = list(spec.submodule_search_locations)
    package.__spec__ = spec
    sys.modules[name] = package
    try:
        yield
    finally:
        del sys.modules[name]  # so that who needs the package itself imports it


@contextmanager
def late_building() -> Iterator[None]:
    """Have the models and validators of pydantic that are defined within the context built late."""
    import pydantic

    validate_call, config = pydantic.validate_call, pydantic.BaseModel.model_config
    late = pydantic.ConfigDict(defer_build=True)
    pydantic.validate_call = functools.partial(validate_call, config=late)  # type: ignore[assignment]
    pydantic.BaseModel.model_config = late
    try:
        yield
    finally:
        pydantic.validate_call = validate_call
        pydantic.BaseModel.model_config = config
