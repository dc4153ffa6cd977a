"""The page of the paper's experiments, from the results that `soundalike paper --json` writes."""

import re
from html.parser import HTMLParser

import pytest

from soundalike.report.paper_page import write_paper_page

METHOD, NONE = "Student's t over seeds", "none: it takes two seeds"


def row(name, scores, *, interval=(None, None), is_reference=False, **changes):
    mean = sum(scores) / len(scores) if scores else None
    return {
        "name": name,
        "is_reference": is_reference,
        "seeds": [*range(len(scores))],
        "scores": scores,
        "mean": mean,
        "lower": interval[0],
        "upper": interval[1],
        "method": METHOD if interval[0] else NONE,
        "n_seeds": len(scores),
        "knn": None,
        "seconds": 61.4,
        "missing": "" if scores else "failed",
        "failures": [],
    } | changes


def comparison(difference, interval=(None, None), level=0.95):
    return {
        "above": "patch sampling/two at random",
        "below": ["patch sampling/same patch"],
        "difference": difference,
        "lower": interval[0],
        "upper": interval[1],
        "level": level,
        "method": METHOD if interval[0] else NONE,
        "n_seeds": 3 if interval[0] else 1,
    }


def finding(number, outcome, *comparisons):
    words = f"{outcome}: “two at random” is above <it>."
    return {
        "number": number,
        "sentence": f"Sentence {number}.",
        "outcome": outcome,
        "verdict": words,
        "comparisons": [*comparisons],
    }


RESULTS = {
    "source": "sounds & more",
    "facts": {"budget": "laptop", "command": "`soundalike paper x`"},
    "is_conclusive": True,
    "n_failed": 1,
    "findings": [
        finding("1", "holds here", comparison(0.033, (0.019, 0.048))),
        finding("2", "does not hold here", comparison(-0.05, (-0.07, -0.03), 1 - 0.05 / 7)),
        finding("3", "not decided by these seeds", comparison(0.01), comparison(None)),
    ],
    "tables": [
        {
            "name": "patch sampling",
            "question": "Where should patches come from?",
            "metric": "balanced accuracy",
            "reference_is": "the paper's choice",
            "rows": [
                row("same patch", [0.6]),
                row(
                    "two at random",
                    [0.63, 0.64, 0.66],
                    interval=(0.605, 0.681),
                    is_reference=True,
                    knn=0.51,
                ),
                row("apart", [], failures=["too hot"], seconds=None),
            ],
            "not_run": ["apart, a patch in between"],
            "sentence": "“two at random” is clearly above “same patch”.",
            "notes": ["A note <here>."],
        }
    ],
}


@pytest.fixture
def page(tmp_path):
    def page(**changes):
        path = tmp_path / "new" / "report.html"
        write_paper_page(path, RESULTS | changes)
        return path.read_text()

    return page


class Text(HTMLParser):
    """Collects what stands in the cells of a page's tables, row by row."""

    def __init__(self, html):
        super().__init__()
        self.rows, self.is_cell = [], False
        self.feed(html)

    def handle_starttag(self, tag, attrs):
        if tag == "tr":
            self.rows.append([])
        self.is_cell |= tag in ("td", "th")
        if tag in ("td", "th"):
            self.rows[-1].append("")

    def handle_endtag(self, tag):
        self.is_cell &= tag not in ("td", "th")

    def handle_data(self, data):
        if self.is_cell:
            self.rows[-1][-1] += data


def test_it_opens_with_the_verdicts(page):
    html = page()
    assert "<h1>1 of 3 findings holds here</h1>" in html
    assert "1 does not, and 1 is not decided by these seeds" in html
    outcomes = re.findall(r'badge (\w+)">([^<]+)', html)
    assert outcomes == [
        ("holds", "holds here"),
        ("fails", "does not hold here"),
        ("open", "not decided by these seeds"),
    ]
    assert "<p>“two at random” is above &lt;it&gt;.</p>" in html
    assert html.index("Sentence 1.") < html.index("Patch sampling")


def test_interval_columns_are_complete(page):
    rows = Text(page()).rows
    header = next(cells for cells in rows if cells[0] == "balanced accuracy of")
    assert header[1:6] == ["%", "lower", "upper", "95% interval", "seeds"]
    by_name = {cells[0]: cells for cells in rows[rows.index(header) + 1 :]}
    assert by_name["two at random (the paper's choice)"] == [
        "two at random (the paper's choice)", "64.3", "60.5", "68.1", METHOD, "3", "51.0", "61",
    ]  # fmt: skip
    assert by_name["same patch"][1:6] == ["60.0", "", "", NONE, "1"]
    assert by_name["apart"][1:6] == ["failed", "", "", NONE, "0"]


def test_notes_and_the_name_of_the_reference_are_those_of_the_table(page):
    assert "<p>A note &lt;here&gt;.</p>" in page()
    table = RESULTS["tables"][0] | {"reference_is": "the reference"}
    rows = [cells[0] for cells in Text(page(tables=[table])).rows]
    assert "two at random (the reference)" in rows


def test_comparisons_have_their_interval_its_level_and_their_seeds(page):
    rows = [cells for cells in Text(page()).rows if cells[0] == "patch sampling: two at random"]
    assert rows[0][1:] == [
        "patch sampling: same patch", "+3.3", "+1.9", "+4.8", "", f"95%, {METHOD}", "3",
    ]  # fmt: skip
    assert rows[1][2:] == ["−5.0", "−7.0", "−3.0", "", f"99.3%, {METHOD}", "3"]
    assert rows[2][2:] == ["+1.0", "", "", "", NONE, "1"]
    assert rows[3][2:] == ["", "", "", "", NONE, "1"]


def test_figures_are_inside_the_file(page):
    html = page()
    assert not re.findall(r'(?:src|href)="(?!data:|#)', html)
    assert "url(http" not in html
    strips = re.findall(r'<svg class="strip kind-(\d)".*?</svg>', html, re.DOTALL)
    assert strips == ["2", "0", "2"]
    assert html.count('class="seed"') == 4
    best = re.search(r'kind-0".*?width="([\d.]+)".*?x1="([\d.]+)" x2="([\d.]+)"', html, re.DOTALL)
    ends = [float(end) for end in best.groups()]
    ticks = [
        (float(left), int(label)) for left, label in re.findall(r"left:([\d.]+)%\">(\d+)", html)
    ]
    assert ticks[0] == (0, 0)
    assert ticks[-1] == (100, 80)
    assert [0.8 * end for end in ends] == pytest.approx([64.33, 60.5, 68.1], abs=0.05)


def test_what_failed_and_what_is_missing_is_said(page):
    html = page()
    assert "“apart” failed: too hot" in html
    assert "Not run: “apart, a patch in between”." in html
    assert "1 of the trainings of this call failed" in html
    assert "sounds &amp; more" in html


def test_a_short_run_decides_nothing(page):
    html = page(is_conclusive=False)
    assert "<h1>Too short for conclusions</h1>" in html
    assert "badge" not in html.partition("</style>")[2]


def test_one_seed_decides_nothing_yet(page):
    html = page(findings=[finding("1", "not decided")], tables=[], n_failed=0)
    assert "<h1>No finding is decided yet</h1>" in html
    assert "failed" not in html.partition("</style>")[2]


@pytest.mark.parametrize(
    ("scores", "end"), [([0.0], 5), ([1.0, 1.0], 100), ([0.333], 40), ([0.061], 8)]
)
def test_the_axis_ends_above_every_score(page, scores, end):
    table = RESULTS["tables"][0] | {"rows": [row("only", scores, is_reference=True)]}
    labels = re.findall(r"left:[\d.]+%\">(\d+)", page(tables=[table]))
    assert int(labels[-1]) == end
    assert len(labels) <= 8
