from soundalike.paper.claims import CLAIMS
from soundalike.paper.experiments import FEW_LABELS, TABLES, WRONG_LABELS

NAMES = {f"{table.name}/{row.name}" for table in TABLES for row in table.rows}


def test_claims_refer_to_existing_rows():
    for claim in CLAIMS:
        for pair in claim.pairs:
            assert {pair.above, *pair.below} <= NAMES
            assert pair.above not in pair.below


def test_every_table_of_the_paper_has_a_claim():
    tables_with_claims = {
        name.partition("/")[0] for c in CLAIMS for p in c.pairs for name in (p.above, *p.below)
    }
    assert tables_with_claims == {table.name for table in TABLES} - {
        FEW_LABELS.name,
        WRONG_LABELS.name,
    }


def test_there_are_seven_findings():
    assert sorted({claim.number[0] for claim in CLAIMS}) == list("1234567")
    assert len({claim.number for claim in CLAIMS}) == len(CLAIMS)


def test_no_claim_says_that_the_papers_choice_is_worse():
    references = {f"{table.name}/{table.reference.name}" for table in TABLES}
    assert not any(set(pair.below) & references for claim in CLAIMS for pair in claim.pairs)
