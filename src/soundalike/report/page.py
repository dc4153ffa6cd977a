"""Write a self-contained page: all it shows and plays is inside its one HTML file."""

import functools
from pathlib import Path

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from soundalike.runtime.atomic import write_text


def write_page(path: str | Path, template: str, **values: object) -> None:
    """Render a template to an HTML file.

    Args:
        path: the HTML file; missing folders are created.
        template: a Jinja template of the package, such as ``report/views.html``. Values are
            escaped unless they are `markupsafe.Markup`.
        values: the variables of the template.

    Raises:
        jinja2.UndefinedError: the template needs a variable that is not there.
        OSError: the file cannot be written.
    """
    html = _environment().get_template(template).render(values)
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    write_text(path, html)


def render_macro(template: str, macro: str, **values: object) -> Markup:
    """Render a macro of a template, for a piece that code places in a page.

    >>> print(render_macro("report/pieces.html", "definitions", entries={"a & b": "<c>"}))
    <dl><div><dt>a &amp; b</dt><dd>&lt;c&gt;</dd></div></dl>
    """
    return getattr(_environment().get_template(template).module, macro)(**values)


@functools.cache
def _environment() -> Environment:
    return Environment(
        loader=PackageLoader("soundalike", ""),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
