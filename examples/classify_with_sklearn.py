"""Train a scikit-learn classifier on embeddings, score it by cross-validation, and use it.

    python examples/classify_with_sklearn.py labeled/ new.wav

The names of the folders in labeled/ are the classes: labeled/rain/1.wav, labeled/fire/1.wav, ...
"""

import sys
from pathlib import Path

from sklearn.linear_model import LogisticRegression
from sklearn.metrics import balanced_accuracy_score
from sklearn.model_selection import StratifiedKFold, cross_val_predict

import soundalike as sa

folder, new = Path(sys.argv[1]), Path(sys.argv[2])
paths = sorted(folder.glob("*/*.wav"))
labels = [path.parent.name for path in paths]

# The model is frozen, so every sound is embedded once: float32 [sounds, 512]. These embeddings are
# whitened; those of a model that is not need a StandardScaler before the classifier.
model = sa.SoundEncoder.from_pretrained("default")
vectors = model.encode(paths, show_progress_bar=True)

# On ESC-10 and drum sounds, C between 0.03 and 1 differs by half a point at most
# (docs/experiment_log.md). Choose a smaller C if some of your labels are wrong.
classifier = LogisticRegression(C=0.1, class_weight="balanced", max_iter=1000)

# Sounds of one recording should be in one fold: use StratifiedGroupKFold if you know which are.
folds = StratifiedKFold(n_splits=4, shuffle=True, random_state=0)
predictions = cross_val_predict(classifier, vectors, labels, cv=folds)
print(f"balanced accuracy: {balanced_accuracy_score(labels, predictions):.3f}")

classifier.fit(vectors, labels)
(probabilities,) = classifier.predict_proba(model.encode([new]))
for name, probability in zip(classifier.classes_, probabilities, strict=True):
    print(f"{probability:.2f}  {name}")
