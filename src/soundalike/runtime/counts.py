"""Numbers of things, and durations, in messages."""


def counted(n: int, noun: str) -> str:
    """Return a number and a noun that agrees with it.

    Args:
        n: the number.
        noun: in the singular; its last word is the one that changes.

    >>> counted(1, "clip"), counted(1200, "training clip"), counted(2, "class")
    ('1 clip', '1,200 training clips', '2 classes')
    """
    if n == 1:
        return f"1 {noun}"
    if noun.endswith("y") and noun[-2:-1] not in "aeiou":
        return f"{n:,} {noun[:-1]}ies"
    return f"{n:,} {noun}{'es' if noun.endswith(('s', 'x', 'ch', 'sh')) else 's'}"


def format_duration(seconds: float) -> str:
    """Return a duration in a suitable unit.

    >>> format_duration(0.25), format_duration(42.3), format_duration(1500), format_duration(18000)
    ('0.25 s', '42 s', '25 min', '5.0 h')
    """
    if seconds < 10:
        return f"{round(seconds, 2):.2g} s"
    if seconds < 100:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 100 * 60 else f"{seconds / 3600:,.1f} h"
