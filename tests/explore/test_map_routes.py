"""What the server answers about all rows at once."""

import numpy as np
import pytest

from soundalike.explore.collection import Collection
from soundalike.explore.layouts import Layouts

WREN = 3


def test_the_collection_is_described(client, explored):
    facts = client.get("/api/collection").json()
    assert (facts["n_rows"], facts["n_recordings"]) == (len(explored), 5)
    assert facts["colors"] == ["label", "your label", "cluster", "folder", "loudness"]
    assert client.get("/api/maps").json() == facts["maps"]


def test_a_page_that_has_drawn_its_first_map_starts_the_second(explored, serve_archive):
    layouts, n_starts = Layouts(Collection(explored)), []
    layouts.start_umap = lambda: n_starts.append(1)
    client = serve_archive(explored, layouts)
    assert client.get("/api/maps").status == 200
    assert n_starts == []
    assert client.post("/api/maps").json() == layouts.states()
    assert n_starts == [1]
    serve_archive.stop(client)


def test_numbers_of_all_rows_are_binary(client, explored):
    n_rows = len(explored)
    assert client.get("/api/ids").numbers("<f8").tolist() == list(range(n_rows))
    points = client.get("/api/points/pca").numbers("<f4").reshape(-1, 2)
    assert len(points) == n_rows
    assert np.abs(points).max() == pytest.approx(1)
    assert client.get("/api/points/none").status == 204


def test_colors_come_with_their_key(client, explored):
    key = client.get("/api/colors/label/key").json()
    assert key == {"kind": "names", "names": ["frog", "owl", "", "wren"], "isLastGray": False}
    labels = client.get("/api/colors/label").numbers("<u2")
    assert [key["names"][code] for code in labels] == explored.rows()["label"].tolist()
    folders = client.get("/api/colors/folder/key").json()["names"]
    assert folders == ["frogs", "birds", "."]
    assert folders[client.get("/api/colors/folder").numbers("<u2")[WREN]] == "birds"
    key = client.get("/api/colors/loudness/key").json()
    assert key == {"kind": "scale", "ends": "peak: -60 dB or less to full scale"}
    loudness = client.get("/api/colors/loudness").numbers("<f4")
    np.testing.assert_allclose(loudness, 1 - np.arange(len(explored)) / 60, atol=1e-6)
    assert client.get("/api/colors/none").status == 404
    assert client.get("/api/colors/none/key").status == 404


@pytest.mark.parametrize(
    ("text", "positions"), [("OWL", [0, 1, 2]), ("%26%23%25", [3, 4]), ("%0A%27%C3%BC", [0, 1, 2])]
)
def test_a_filter_looks_at_paths_and_labels(client, text, positions):
    assert client.get(f"/api/matching?text={text}").numbers("<u4").tolist() == positions
