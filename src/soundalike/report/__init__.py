"""Pages that people look at: one HTML file each, which needs no other file.

``page`` renders Jinja templates, which are next to their code; ``media`` makes pictures and
sounds, ``charts`` draws. ``views_page`` shows augmented pairs, ``health_page`` the curves of a
training.
"""
