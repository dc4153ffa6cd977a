"""Which requests the server answers."""

import http.client

import pytest

PAGE = "/", "/main.js", "/api/collection", "/api/rows/0/sound?start_s=0&end_s=1"


@pytest.mark.parametrize(
    "host",
    [
        "evil.example", "evil.example:{port}", "127.0.0.1", "127.0.0.1:1", "0.0.0.0:{port}", "",
        "127.0.0.1.evil.example:{port}", "localhost:{port}@evil.example",
    ],
)  # fmt: skip
def test_a_rebound_name_is_refused(client, host):
    for target in PAGE:
        answer = client.get(target, Host=host.format(port=client.port))
        assert answer.status in (400, 403)
        assert b"RIFF" not in answer.content


def test_the_names_of_this_machine_are_accepted(client):
    for host in ("127.0.0.1", "localhost", "LOCALHOST"):
        assert client.get("/", Host=f"{host}:{client.port}").status == 200


def test_two_hosts_are_refused(client):
    connection = http.client.HTTPConnection("127.0.0.1", client.port)
    connection.putrequest("GET", "/", skip_host=True)
    connection.putheader("Host", f"127.0.0.1:{client.port}")
    connection.putheader("Host", "evil.example")
    connection.endheaders()
    assert connection.getresponse().status in (400, 403)
    connection.close()


@pytest.mark.parametrize("origin", ["http://evil.example", "null", "http://127.0.0.1:1", "file://"])
def test_another_origin_is_refused(client, origin):
    for target in PAGE:
        assert client.get(target, Origin=origin).status == 403


def test_the_own_origin_is_accepted(client):
    origin = f"http://127.0.0.1:{client.port}"
    assert client.get("/api/collection", Origin=origin, Sec_Fetch_Site="same-origin").status == 200


@pytest.mark.parametrize("target", ["/api/labels", "/api/labels/undo", "/"])
def test_only_the_own_page_may_change_something(client, target):
    foreign = [{"Origin": "http://evil.example"}, {"Origin": "null"}, {}]
    own = f"http://127.0.0.1:{client.port}"
    for method in ("POST", "PUT", "DELETE", "PATCH"):
        for headers in [*foreign, {"Origin": own, "Sec_Fetch_Site": "cross-site"}]:
            assert client.get(target, method, **headers).status == 403
    assert client.post("/api/labels/undo", Host="evil.example").status == 403
    assert client.post("/api/labels/undo").status == 200


@pytest.mark.parametrize("site", ["cross-site", "same-site"])
def test_other_pages_may_link_and_nothing_else(client, site):
    for mode in ("no-cors", "cors", "navigate"):
        for target in PAGE[1:]:
            answer = client.get(target, Sec_Fetch_Site=site, Sec_Fetch_Mode=mode)
            assert answer.status == 403
    assert client.get("/", Sec_Fetch_Site=site, Sec_Fetch_Mode="navigate").status == 200
    assert client.get("/", Sec_Fetch_Site=site, Sec_Fetch_Mode="no-cors").status == 403


def test_other_pages_can_neither_read_nor_frame_an_answer(client):
    for target in PAGE:
        headers = client.get(target).headers
        assert headers["cross-origin-resource-policy"] == "same-origin"
        assert "access-control-allow-origin" not in headers
        assert "default-src 'none'" in headers["content-security-policy"]
        assert "frame-ancestors 'none'" in headers["content-security-policy"]
        assert headers["x-content-type-options"] == "nosniff"
