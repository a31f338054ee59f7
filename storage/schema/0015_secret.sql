-- Values that no definition at rest holds any more: definitions have markers, and these stand behind them.
CREATE TABLE secret (
    app_id    TEXT NOT NULL CHECK (length(app_id) BETWEEN 1 AND 255), -- of a pair, its name
    digest    TEXT NOT NULL CHECK (length(digest) = 32),              -- as in the marker
    sealed_by TEXT NOT NULL CHECK (length(sealed_by) IN (0, 16)),     -- id of the key; '': the value as it is
    value     BLOB NOT NULL,
    PRIMARY KEY (app_id, digest)
) STRICT, WITHOUT ROWID;

-- What digests are made with, and how far this file has come.
CREATE TABLE vault (
    one        INTEGER PRIMARY KEY CHECK (one = 1),
    digest_key BLOB    NOT NULL,
    sealed_by  TEXT    NOT NULL CHECK (length(sealed_by) IN (0, 16)),
    rules      TEXT    NOT NULL, -- by which all definitions at rest were redacted; '': not yet
    residue    INTEGER NOT NULL CHECK (residue IN (0, 1)) -- 1: free pages may hold what was moved
) STRICT;
