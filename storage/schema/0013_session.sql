-- People who have logged in to the dashboard with a token: a session may what its token may.
CREATE TABLE session (
    hash          TEXT    PRIMARY KEY CHECK (length(hash) = 64), -- SHA-256 of the cookie
    token_id      TEXT    NOT NULL REFERENCES token (id),
    created_at_ms INTEGER NOT NULL,
    expires_at_ms INTEGER NOT NULL CHECK (expires_at_ms > 0)
) STRICT, WITHOUT ROWID;

CREATE INDEX session_of_token ON session (token_id, created_at_ms);
CREATE INDEX session_expiry ON session (expires_at_ms);

-- What has not ended, for the dashboard's first view.
CREATE INDEX run_unended ON run (no) WHERE ended_at_ms = 0;
