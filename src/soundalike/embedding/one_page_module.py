"""Modules whose `help` fits a page."""

from torch import nn


class _ListsOwnNames(type):
    """The type of classes that `dir`, and so `help`, describe by what soundalike adds to torch."""

    def __dir__(cls) -> list[str]:
        ours = cls.__mro__[: cls.__mro__.index(nn.Module)]
        return sorted({name for each in ours for name in vars(each)})


class OnePageModule(nn.Module, metaclass=_ListsOwnNames):
    """A torch module whose `help` leaves out the hundred methods that all torch modules have."""

    def __dir__(self) -> list[str]:
        """Return all names, those of torch, too: editors complete them."""
        return sorted({*object.__dir__(self), *self._parameters, *self._buffers, *self._modules})
