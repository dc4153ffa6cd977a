"""The paper's experiments, from a source of sounds to tables, figures and findings.

``experiments`` says what is compared, ``claims`` what the paper found, ``budgets`` how much of it a
machine does. ``cells`` trains and measures one row of a table, ``grid`` all of them; ``tables``,
``figures`` and ``findings`` say what came out, and ``run`` does it all.
"""
