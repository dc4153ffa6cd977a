"""The paper's experiments as data: tables of rows, each row a recipe, a change, a measurement.

Fonseca et al., "Unsupervised Contrastive Learning of Sound Event Representations" (ICASSP 2021).
A row says what differs from the paper's choice; rows that say the same thing in two tables share
one training.
"""

from collections.abc import Mapping, Sequence

from soundalike.paper.rows import Changes, PaperError, Row, Start, Table, Task, slug
from soundalike.runtime.suggestions import did_you_mean
from soundalike.views import AUGMENTATIONS


def _augmented_by(*names: str) -> Changes:
    """Return what to change so that these augmentations are on, at their usual strengths."""
    chosen = ("resized_crop", "compression", "noise")
    off = {f"views.{name}": None for name in chosen if name not in names}
    on: Changes = {
        f"views.{name}": {} for name in AUGMENTATIONS if name in names and name not in chosen
    }
    return {**off, **on}


NO_MIX_BACK: Changes = {"views.mix_back": None}
SAME_PATCH: Changes = {"views.patch_sampling": "same"}
ENCODERS: Mapping[str, Changes] = {  # the recipes' own encoder is the ResNet
    "ResNet-18": {},
    "VGG": {"encoder.name": "vgg"},
    "CRNN": {"encoder.name": "crnn"},
}

PATCH_SAMPLING = Table(
    "patch sampling",
    "Where in a clip should the two patches of a pair come from?",
    (
        Row("same patch", SAME_PATCH),
        Row("two at random", is_reference=True),
        Row("apart, side by side", {"views.patch_sampling": "apart"}),
        Row(
            "apart, a patch in between",
            {"views.patch_sampling": "apart", "views.distance_frames": 202},
        ),
    ),
)

MIX_BACK = Table(
    "mix-back",
    "Which background should be mixed into a patch, and how loud may it be?",
    (
        Row("none", NO_MIX_BACK),
        Row("within the clip", {"views.mix_back.source": "within_clip"}),
        Row("other clips, alpha 0.02", {"views.mix_back.alpha": 0.02}),
        Row("other clips, alpha 0.05", is_reference=True),
        Row("other clips, alpha 0.1", {"views.mix_back.alpha": 0.1}),
        Row("other clips, alpha 0.2", {"views.mix_back.alpha": 0.2}),
    ),
)

AUGMENTATION = Table(
    "augmentation",
    "Which augmentations help, separately and combined?",
    (
        Row("none", _augmented_by()),
        Row("crop alone", _augmented_by("resized_crop")),
        Row("compression alone", _augmented_by("compression")),
        Row("noise alone", _augmented_by("noise")),
        Row("SpecAugment alone", _augmented_by("spec_augment")),
        Row("without crop", _augmented_by("compression", "noise")),
        Row("without compression", _augmented_by("resized_crop", "noise")),
        Row("without noise", _augmented_by("resized_crop", "compression")),
        Row("crop + compression + noise", is_reference=True),
        Row(
            "crop + compression + noise + SpecAugment",
            _augmented_by("resized_crop", "compression", "noise", "spec_augment"),
        ),
        Row("everything", _augmented_by(*AUGMENTATIONS)),
    ),
)

COMPOSITION = Table(
    "composition",
    "Is one ingredient enough, or does it take all of them?",
    (
        Row("all together", is_reference=True),
        Row("random patches only", {**NO_MIX_BACK, **_augmented_by()}),
        Row("mix-back only", _augmented_by()),
        Row("augmentation only", NO_MIX_BACK),
        Row("same patch + all", SAME_PATCH),
    ),
)

TEMPERATURE = Table(
    "temperature",
    "Which temperature is best? (A lower one pushes similar clips apart harder.)",
    (
        Row("temperature 0.05", {"loss.temperature": 0.05}),
        Row("temperature 0.1", {"loss.temperature": 0.1}),
        Row("temperature 0.2", is_reference=True),
        Row("temperature 0.5", {"loss.temperature": 0.5}),
    ),
)

LINEAR_EVALUATION = Table(
    "linear evaluation",
    "How well can a linear classifier use each representation?",
    (
        *(
            row
            for name, changes in ENCODERS.items()
            for row in (
                Row(f"{name}, pretrained", changes, is_reference=name == "ResNet-18"),
                Row(f"{name}, untrained", changes, start="untrained"),
                Row(f"{name}, from scratch", changes, "finetune", "from scratch", "noisy"),
            )
        ),
        Row("log-mel statistics", start="log-mel statistics"),
        Row("SimCLR", recipe="simclr"),
        Row("SpecAugment policy", recipe="spec_augment"),
    ),
)


def _fine_tuning(task: Task) -> tuple[Row, ...]:
    return tuple(
        row
        for name, changes in ENCODERS.items()
        for row in (
            Row(f"{name}, from scratch", changes, "finetune", "from scratch", task),
            Row(f"{name}, pretrained", changes, task=task, is_reference=name == "ResNet-18"),
        )
    )


LOSSES = {  # the first four are those of FSDnoisy18k's authors (2019); a training each
    "cross entropy": "cross_entropy",
    "Lq": "lq",
    "soft bootstrapping": "soft_bootstrapping",
    "loss pruning": "loss_pruning",
    "label smoothing": "label_smoothing",
    "mixup": "mixup",
    "hard bootstrapping": "hard_bootstrapping",
    "symmetric cross entropy": "symmetric_cross_entropy",
    "early-learning regularization": "elr",
    "forward correction": "forward_correction",
    "co-training": "co_training",
}

FINE_TUNING_NOISY = Table(
    "fine-tuning noisy",
    "Does pre-training help a network that is trained on many labels, some of them wrong?",
    (
        *_fine_tuning("noisy"),
        Row("ResNet-18, pretrained, linear"),
        Row("ResNet-18, pretrained, logistic regression", task="logistic regression"),
        Row("ResNet-18, pretrained, soft labels", task="soft labels"),
        *(
            Row(f"baseline CNN, {name}", {"loss.name": loss}, "baseline", "from scratch", "noisy")
            for name, loss in LOSSES.items()
        ),
    ),
)

FINE_TUNING_CLEAN = Table(
    "fine-tuning clean",
    "Does pre-training help a network that is trained on few labels, all of them correct?",
    _fine_tuning("clean"),
)


def _few_labels(n: int) -> tuple[Row, ...]:
    return (
        Row(f"{n} a class, log-mel statistics", start="log-mel statistics", n_labels=n),
        Row(f"{n} a class, from scratch", {}, "finetune", "from scratch", "clean", n),
        Row(f"{n} a class, pretrained, linear", n_labels=n, is_reference=n == 5),
        Row(f"{n} a class, pretrained, fine-tuned", task="clean", n_labels=n),
    )


FEW_LABELS = Table(
    "few labels",
    "How many correct labels does pre-training save?",
    (*_few_labels(1), *_few_labels(5), *_few_labels(20)),
    reference_is="the reference",
)


def _wrong_labels(start: Start) -> tuple[Row, ...]:
    return (
        Row(f"{start}, self-confidence", start=start, task="self-confidence"),
        Row(f"{start}, audit", start=start, task="audit", is_reference=start == "pretrained"),
    )


WRONG_LABELS = Table(
    "wrong labels",
    "Which labels are wrong?",
    (
        *_wrong_labels("log-mel statistics"),
        *_wrong_labels("untrained"),
        *_wrong_labels("pretrained"),
    ),
    reference_is="the reference",
    clips="training and validation clips",
)

TABLES = (
    PATCH_SAMPLING,
    MIX_BACK,
    AUGMENTATION,
    COMPOSITION,
    TEMPERATURE,
    LINEAR_EVALUATION,
    FINE_TUNING_NOISY,
    FINE_TUNING_CLEAN,
    FEW_LABELS,
    WRONG_LABELS,
)


def choose(only: Sequence[str] | None = None) -> list[tuple[Table, Row]]:
    """Return all rows, or those of some tables and single ones, in the order of the tables.

    Args:
        only: names of tables, or "table/row"; capitals and punctuation do not matter.

    Raises:
        PaperError: there is no such table or row.
    """
    rows = {
        f"{slug(table.name)}/{slug(row.name)}": (table, row)
        for table in TABLES
        for row in table.rows
    }
    if only is None:
        return list(rows.values())
    chosen: set[str] = set()
    for name in only:
        query = "/".join(map(slug, name.split("/", 1)))
        matches = [known for known in rows if query in (known, known.partition("/")[0])]
        if not matches:
            raise PaperError(_unknown_name(name, query, list(rows)))
        chosen.update(matches)
    return [rows[name] for name in rows if name in chosen]


def _unknown_name(name: str, query: str, rows: Sequence[str]) -> str:
    tables = [slug(table.name) for table in TABLES]
    hint = did_you_mean(query, rows if "/" in query else tables)
    return f"{name}: no such table or row; the tables are {', '.join(tables)}{hint and f': {hint}'}"
