"""Numbers of things in messages."""


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
