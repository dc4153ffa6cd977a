"""What the server answers."""

import pytest

OWL, WREN, FROG = 0, 3, 5


def test_the_page_and_its_modules_are_served(client):
    page = client.get("/")
    assert page.headers["content-type"].startswith("text/html")
    assert b'src="main.js"' in page.content
    assert client.get("/main.js").headers["content-type"].startswith("text/javascript")


def test_rows_come_in_the_order_of_their_ids(client):
    rows = client.get(f"/api/rows?id={WREN}&id={OWL}").json()
    assert [row["id"] for row in rows] == [WREN, OWL]


def test_a_row_comes_with_the_stretch_around_it(client):
    row = client.get(f"/api/rows/{FROG + 20}").json()
    assert (row["path"], row["start_s"], row["recording_end_s"]) == ("frogs/tree.wav", 20, 40)
    assert row["context"] == {"start_s": 15.5, "end_s": 25.5}


@pytest.mark.parametrize(
    "target",
    [
        "/../secret.txt", "/..%2fsecret.txt", "/%2e%2e/secret.txt", "/..%5csecret.txt",
        "/page/main.js", "/../server.py", "/server.py", "//etc/passwd", "/%2fetc%2fpasswd",
        "/main.js%00.html", "/api/rows/../../secret.txt", "/docs", "/openapi.json",
    ],
)  # fmt: skip
def test_no_other_file_is_served(client, target):
    assert client.get(target).status == 404


@pytest.mark.parametrize("id", ["x", "-1", "999", "1.5", "99999999999999999999999", "..%2f0"])
def test_no_other_row_is_served(client, id):
    for name in ("", "/sound?start_s=0&end_s=1", "/recording", "/thumbnail"):
        answer = client.get(f"/api/rows/{id}{name}")
        assert answer.status in (400, 404)


def test_nothing_is_changed_by_requests(client):
    for method in ("POST", "PUT", "DELETE", "OPTIONS"):
        origin = client.address.rstrip("/")
        assert client.get(f"/api/rows/{OWL}", method, Origin=origin).status == 405
