"""Which labels of a source are wrong: a list to listen through, and what cleaning it gives.

``audit`` embeds the labeled clips, estimates the probability that each label is wrong, and writes
its results to a folder:

labels.csv        a row for each labeled clip, most suspicious first, with a person's decisions
evidence.parquet  the nearest clips of other recordings, which speak for or against a label
audit.json        the result of the last audit
duplicates.json   clips that share a part
embeddings/       vectors of the clips, as `evaluate` makes them
store/            log-mels of the clips, if SOURCE is no store

``labels_file`` reads and writes decisions, ``cleaning`` applies them to a manifest, ``comparison``
measures what they changed.
"""
