"""Which labels of a source are wrong: a table to decide in, on a page that plays its clips."""
