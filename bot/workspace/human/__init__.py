"""The human side: everything a person can do and see, as JSON under `/human/`. The page uses nothing else."""
