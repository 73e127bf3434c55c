"""Everything that is kept: one database, one key, sealed rows."""
