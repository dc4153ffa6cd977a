"""The paper's experiments, from a source of sounds to tables, figures and findings.

``experiments`` lists what is compared, ``claims`` the paper's findings, ``budgets`` how long to
train. ``cells`` trains and measures one row of a table with one seed, and ``grid`` all of them.
``tables``, ``figures`` and ``findings`` present the results, and ``run`` does everything.
"""
