-- Deployments over a pair of apps: blue-green.

-- What the plan knows of the pair; program is '' for a deployment over one app.
ALTER TABLE plan ADD COLUMN program TEXT NOT NULL DEFAULT '';
ALTER TABLE plan ADD COLUMN pair_old_id TEXT NOT NULL DEFAULT ''
    CHECK (length(pair_old_id) <= 255);
ALTER TABLE plan ADD COLUMN pair_new_id TEXT NOT NULL DEFAULT ''
    CHECK (length(pair_new_id) <= 255);
ALTER TABLE plan ADD COLUMN pair_old_version TEXT NOT NULL DEFAULT ''
    CHECK (length(pair_old_version) <= 24);
ALTER TABLE plan ADD COLUMN pair_old_serving INTEGER NOT NULL DEFAULT 0;
ALTER TABLE plan ADD COLUMN pair_drain_ms INTEGER NOT NULL DEFAULT 0;
ALTER TABLE plan ADD COLUMN pair_must_adopt INTEGER NOT NULL DEFAULT 0
    CHECK (pair_must_adopt IN (0, 1));
ALTER TABLE plan ADD COLUMN pair_kill_undrained INTEGER NOT NULL DEFAULT 0
    CHECK (pair_kill_undrained IN (0, 1));
ALTER TABLE plan ADD COLUMN pair_sticky INTEGER NOT NULL DEFAULT 0
    CHECK (pair_sticky IN (0, 1));
-- The old app's definition with the labels of a pair; the backends of its service ports, in order.
ALTER TABLE plan ADD COLUMN adopted TEXT;
ALTER TABLE plan ADD COLUMN backends TEXT;

-- What was last ordered of the balancers, and since when all of them are known to do it.
ALTER TABLE run ADD COLUMN old_serving TEXT NOT NULL DEFAULT 'serves'
    CHECK (old_serving IN ('serves', 'drains', 'rests'));
ALTER TABLE run ADD COLUMN old_weight INTEGER NOT NULL DEFAULT 1
    CHECK (old_weight BETWEEN 0 AND 256);
ALTER TABLE run ADD COLUMN new_serving TEXT NOT NULL DEFAULT 'serves'
    CHECK (new_serving IN ('serves', 'drains', 'rests'));
ALTER TABLE run ADD COLUMN new_weight INTEGER NOT NULL DEFAULT 1
    CHECK (new_weight BETWEEN 0 AND 256);
ALTER TABLE run ADD COLUMN traffic_seen_at_ms INTEGER NOT NULL DEFAULT 0;

-- The journal of orders to the balancers; without meaning in that of any other order.
ALTER TABLE intent ADD COLUMN old_serving TEXT NOT NULL DEFAULT 'serves';
ALTER TABLE intent ADD COLUMN old_weight INTEGER NOT NULL DEFAULT 0;
ALTER TABLE intent ADD COLUMN new_serving TEXT NOT NULL DEFAULT 'serves';
ALTER TABLE intent ADD COLUMN new_weight INTEGER NOT NULL DEFAULT 0;

-- Programs have more steps than any strategy over one app, and a CHECK cannot be changed in place.
CREATE TABLE step_next (
    run_id         TEXT    NOT NULL REFERENCES run (id),
    idx            INTEGER NOT NULL CHECK (idx BETWEEN 0 AND 48),
    kind           TEXT    NOT NULL CHECK (length(kind) BETWEEN 1 AND 23),
    text           TEXT    NOT NULL CHECK (length(text) <= 255),
    state          TEXT    NOT NULL
        CHECK (state = 'pending' OR state = 'running' OR state = 'succeeded' OR state = 'failed' OR
               state = 'skipped'),
    started_at_ms  INTEGER NOT NULL,
    ended_at_ms    INTEGER NOT NULL,
    deadline_at_ms INTEGER NOT NULL,
    evidence       TEXT,
    PRIMARY KEY (run_id, idx)
) STRICT, WITHOUT ROWID;
INSERT INTO step_next SELECT * FROM step;
DROP TABLE step;
ALTER TABLE step_next RENAME TO step;
