"""The lengths of vectors."""

import numpy as np
import pytest

from soundalike.archive.vector_lengths import lengths_of


@pytest.mark.parametrize("dtype", ["f2", "f4"])
def test_lengths_are_euclidean_and_single_precision(dtype):
    vectors = np.random.default_rng(0).standard_normal((20, 7)).astype(dtype)
    lengths = lengths_of(vectors)
    assert lengths.dtype == np.float32
    expected = [sum(float(x) ** 2 for x in vector) ** 0.5 for vector in vectors]
    np.testing.assert_allclose(lengths, expected, rtol=1e-6)
    assert lengths_of(vectors[:0]).shape == (0,)
