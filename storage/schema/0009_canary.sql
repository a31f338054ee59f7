-- Canaries: gates with approvers, shares that operators ask for, what balancers have counted.
ALTER TABLE plan ADD COLUMN gates TEXT NOT NULL DEFAULT '';

ALTER TABLE run ADD COLUMN command_value INTEGER NOT NULL DEFAULT 0;
ALTER TABLE run ADD COLUMN steered INTEGER NOT NULL DEFAULT 0 CHECK (steered IN (0, 1));
ALTER TABLE run ADD COLUMN share INTEGER NOT NULL DEFAULT 0 CHECK (share BETWEEN 0 AND 10000);
ALTER TABLE run ADD COLUMN split_since_ms INTEGER NOT NULL DEFAULT 0;
ALTER TABLE run ADD COLUMN split_until_ms INTEGER NOT NULL DEFAULT 0;
ALTER TABLE run ADD COLUMN split_old INTEGER NOT NULL DEFAULT 0;
ALTER TABLE run ADD COLUMN split_new INTEGER NOT NULL DEFAULT 0;

-- Who has said what at which gate; nobody says it twice.
CREATE TABLE decision (
    run_id   TEXT    NOT NULL REFERENCES run (id),
    step     INTEGER NOT NULL,
    actor    TEXT    NOT NULL CHECK (length(actor) BETWEEN 1 AND 79),
    decision TEXT    NOT NULL CHECK (decision = 'approve' OR decision = 'reject'),
    reason   TEXT    NOT NULL CHECK (length(reason) <= 511),
    time_ms  INTEGER NOT NULL,
    PRIMARY KEY (run_id, step, actor)
) STRICT, WITHOUT ROWID;
