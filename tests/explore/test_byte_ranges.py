"""Parts of some bytes."""

import pytest

from soundalike.explore.byte_ranges import byte_range, ranged_response


@pytest.mark.parametrize(
    ("header", "part"),
    [
        ("bytes=0-", slice(0, 10)), ("bytes=3-3", slice(3, 4)), ("bytes=5-999", slice(5, 10)),
        ("bytes=-99", slice(0, 10)), (None, None), ("", None), ("bytes=-", None),
        ("bytes=1-2,4-5", None), ("items=0-1", None), ("bytes=a-b", None),
    ],
)  # fmt: skip
def test_a_part(header, part):
    assert byte_range(header, 10) == part


@pytest.mark.parametrize("header", ["bytes=10-", "bytes=5-4", "bytes=-0", "bytes=99-100"])
def test_bytes_that_do_not_exist(header):
    with pytest.raises(ValueError):
        byte_range(header, 10)
    response = ranged_response(b"0123456789", "text/plain", header)
    assert (response.status_code, response.headers["content-range"]) == (416, "bytes */10")


def test_the_response_says_which_part_it_is():
    response = ranged_response(b"0123456789", "text/plain", "bytes=2-4")
    assert (response.status_code, response.body) == (206, b"234")
    assert response.headers["content-range"] == "bytes 2-4/10"
    assert ranged_response(b"0123456789", "text/plain", None).headers["accept-ranges"] == "bytes"
