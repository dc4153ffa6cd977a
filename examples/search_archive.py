"""Keep an archive of a folder of sounds, and find the windows that sound most like a query.

    python examples/search_archive.py sounds/ archive/ query.wav

Run it again after adding sounds: only those are embedded.
"""

import sys
from pathlib import Path

import soundalike as sa

folder, path, query = sys.argv[1:]

# The archive is created once, and carries its model. Its paths are relative to the folder.
model = sa.SoundEncoder.from_pretrained("default")  # or the folder of a run of yours
archive = sa.Archive.open_for(path, model, str(Path(folder).absolute()))
added = archive.add(folder)
print(f"{added.n_clips} new sounds, {added.n_known} known, {added.n_rows} windows")

# The best window of each recording. Queries may also be parts of files, such as "query.wav@2-3.5",
# ids of rows, and (waveform, sample rate); several are averaged.
hits = archive.search(query, k=5)
for hit in hits.itertuples():
    print(f"{hit.similarity:.3f}  {hit.start_s:7.2f} s  {hit.path}")

# More like the best two, and less like the last one, among the sounds of one folder.
best, second, *_, last = hits["id"]
selection = sa.Selection(folder=hits["path"].iloc[0].rpartition("/")[0])
more = archive.search([best, second], k=3, unlike=last, selection=selection, all_windows=True)
for hit in more.itertuples():
    print(f"{hit.similarity:.3f}  {hit.start_s:7.2f} s  {hit.path}")

# All rows and vectors as a table, to do anything else with them.
table = archive.to_pandas()
print(table.groupby("label").size().to_dict())
