-- 0001: the first schema.
--
-- Names (phases, states, and so on) are stored as text, so that the file can be read without the program.
-- Those that api.md fixes for good are listed in a CHECK; those that a later strategy may extend
-- are only bounded, because SQLite can change a CHECK only by copying the table. IN with more than two words
-- would say the same, but SQLite fills a table with them for each row that is written: a third of its work.
-- Times are UTC milliseconds, 0 means "not yet". `no` is the order of arrival: lists go by it, so
-- that a page costs the same however deep it is.

CREATE TABLE plan (
    no                   INTEGER PRIMARY KEY,
    id                   TEXT    NOT NULL UNIQUE CHECK (length(id) BETWEEN 1 AND 36),
    digest               TEXT    NOT NULL CHECK (length(digest) <= 71),
    app_id               TEXT    NOT NULL CHECK (length(app_id) BETWEEN 1 AND 255),
    strategy             TEXT    NOT NULL CHECK (length(strategy) BETWEEN 1 AND 23),
    action               TEXT    NOT NULL
        CHECK (action = 'none' OR action = 'create' OR action = 'upgrade' OR action = 'scale' OR
               action = 'restart'),
    on_failure           TEXT    NOT NULL CHECK (on_failure IN ('rollback', 'hold')),
    replace_rule         TEXT    NOT NULL CHECK (length(replace_rule) BETWEEN 1 AND 23),
    created_at_ms        INTEGER NOT NULL,
    deadline_ms          INTEGER NOT NULL,
    -- the app as it runs now
    old_instances        INTEGER NOT NULL,
    old_min_health       REAL    NOT NULL,
    old_max_over         REAL    NOT NULL,
    old_cpus             REAL    NOT NULL,
    old_mem_mib          REAL    NOT NULL,
    old_start_ms         INTEGER NOT NULL,
    old_health_checks    INTEGER NOT NULL CHECK (old_health_checks IN (0, 1)),
    old_marathon_checks  INTEGER NOT NULL CHECK (old_marathon_checks IN (0, 1)),
    old_readiness_checks INTEGER NOT NULL CHECK (old_readiness_checks IN (0, 1)),
    old_single_instance  INTEGER NOT NULL CHECK (old_single_instance IN (0, 1)),
    old_fixed_ports      INTEGER NOT NULL CHECK (old_fixed_ports IN (0, 1)),
    old_unique_hostname  INTEGER NOT NULL CHECK (old_unique_hostname IN (0, 1)),
    old_oldest_first     INTEGER NOT NULL CHECK (old_oldest_first IN (0, 1)),
    old_resident         INTEGER NOT NULL CHECK (old_resident IN (0, 1)),
    -- the app as it shall run
    new_instances        INTEGER NOT NULL,
    new_min_health       REAL    NOT NULL,
    new_max_over         REAL    NOT NULL,
    new_cpus             REAL    NOT NULL,
    new_mem_mib          REAL    NOT NULL,
    new_start_ms         INTEGER NOT NULL,
    new_health_checks    INTEGER NOT NULL CHECK (new_health_checks IN (0, 1)),
    new_marathon_checks  INTEGER NOT NULL CHECK (new_marathon_checks IN (0, 1)),
    new_readiness_checks INTEGER NOT NULL CHECK (new_readiness_checks IN (0, 1)),
    new_single_instance  INTEGER NOT NULL CHECK (new_single_instance IN (0, 1)),
    new_fixed_ports      INTEGER NOT NULL CHECK (new_fixed_ports IN (0, 1)),
    new_unique_hostname  INTEGER NOT NULL CHECK (new_unique_hostname IN (0, 1)),
    new_oldest_first     INTEGER NOT NULL CHECK (new_oldest_first IN (0, 1)),
    new_resident         INTEGER NOT NULL CHECK (new_resident IN (0, 1)),
    -- what Marathon showed
    seen_exists          INTEGER NOT NULL CHECK (seen_exists IN (0, 1)),
    seen_version         TEXT    NOT NULL CHECK (length(seen_version) <= 24),
    seen_config_version  TEXT    NOT NULL CHECK (length(seen_config_version) <= 24),
    seen_running         INTEGER NOT NULL,
    seen_healthy         INTEGER NOT NULL,
    created_by           TEXT    NOT NULL CHECK (length(created_by) <= 79),
    -- texts the storage does not look into; last, because they may be long
    body                 TEXT    NOT NULL,
    request              TEXT    NOT NULL,
    target               TEXT,
    previous             TEXT
) STRICT;

CREATE INDEX plan_app ON plan (app_id);

CREATE TABLE run (
    no                  INTEGER PRIMARY KEY,
    id                  TEXT    NOT NULL UNIQUE CHECK (length(id) BETWEEN 1 AND 36),
    plan_id             TEXT    NOT NULL CHECK (length(plan_id) BETWEEN 1 AND 36),
    app_id              TEXT    NOT NULL CHECK (length(app_id) BETWEEN 1 AND 255),
    strategy            TEXT    NOT NULL CHECK (length(strategy) BETWEEN 1 AND 23),
    created_at_ms       INTEGER NOT NULL,
    created_by          TEXT    NOT NULL CHECK (length(created_by) <= 79),
    reason              TEXT    NOT NULL CHECK (length(reason) <= 511),
    -- left by operators, taken by the engine
    command             TEXT    NOT NULL
        CHECK (command = 'none' OR command = 'pause' OR command = 'resume' OR command = 'promote' OR
               command = 'abort' OR command = 'rollback' OR command = 'retry' OR command = 'weight'),
    superseded_by       TEXT    NOT NULL DEFAULT '' CHECK (length(superseded_by) <= 36),
    -- what callers see; follows from active, phase and hold, kept for the lists
    state               TEXT    NOT NULL
        CHECK (state = 'queued' OR state = 'running' OR state = 'paused' OR state = 'waiting' OR
               state = 'rolling-back' OR state = 'succeeded' OR state = 'rolled-back' OR
               state = 'failed' OR state = 'canceled'),
    revision            INTEGER NOT NULL CHECK (revision >= 0),
    -- moved by the engine
    active              INTEGER NOT NULL CHECK (active IN (0, 1)),
    phase               TEXT    NOT NULL CHECK (length(phase) BETWEEN 1 AND 23),
    hold                TEXT    NOT NULL CHECK (length(hold) BETWEEN 1 AND 23),
    cause               TEXT    NOT NULL CHECK (length(cause) BETWEEN 1 AND 31),
    outcome             TEXT    NOT NULL CHECK (length(outcome) BETWEEN 1 AND 23),
    ordered             INTEGER NOT NULL CHECK (ordered IN (0, 1)),
    step                INTEGER NOT NULL,
    attempt             INTEGER NOT NULL,
    started_at_ms       INTEGER NOT NULL,
    ended_at_ms         INTEGER NOT NULL,
    phase_since_ms      INTEGER NOT NULL,
    ordered_at_ms       INTEGER NOT NULL,
    unsure_until_ms     INTEGER NOT NULL,
    held_since_ms       INTEGER NOT NULL,
    deadline_at_ms      INTEGER NOT NULL,
    step_deadline_at_ms INTEGER NOT NULL,
    wake_at_ms          INTEGER NOT NULL,
    target_version      TEXT    NOT NULL CHECK (length(target_version) <= 24),
    revert_version      TEXT    NOT NULL CHECK (length(revert_version) <= 24),
    deployment_id       TEXT    NOT NULL CHECK (length(deployment_id) <= 36),
    old_version         TEXT    NOT NULL CHECK (length(old_version) <= 24),
    old_instances       INTEGER NOT NULL,
    old_healthy         INTEGER NOT NULL,
    new_version         TEXT    NOT NULL CHECK (length(new_version) <= 24),
    new_instances       INTEGER NOT NULL,
    new_healthy         INTEGER NOT NULL,
    waiting_code        TEXT    NOT NULL CHECK (length(waiting_code) <= 23),
    waiting_text        TEXT    NOT NULL CHECK (length(waiting_text) <= 255),
    waiting_since_ms    INTEGER NOT NULL,
    error_code          TEXT    NOT NULL CHECK (length(error_code) <= 31),
    error_text          TEXT    NOT NULL CHECK (length(error_text) <= 599),
    labels              TEXT
) STRICT;

-- One live deployment per app, as Marathon itself insists.
CREATE UNIQUE INDEX run_live ON run (app_id) WHERE active = 1;
-- Who is next in an app's queue.
CREATE INDEX run_queue ON run (app_id) WHERE state = 'queued';
CREATE INDEX run_app ON run (app_id);
CREATE INDEX run_state ON run (state);
CREATE INDEX run_strategy ON run (strategy);
CREATE INDEX run_state_strategy ON run (state, strategy);

CREATE TABLE step (
    run_id         TEXT    NOT NULL REFERENCES run (id),
    idx            INTEGER NOT NULL CHECK (idx BETWEEN 0 AND 15),
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

-- The journal: an order stands here before it goes out.
CREATE TABLE intent (
    seq          INTEGER PRIMARY KEY,
    run_id       TEXT    NOT NULL REFERENCES run (id),
    revision     INTEGER NOT NULL,
    rule         TEXT    NOT NULL CHECK (length(rule) BETWEEN 1 AND 63),
    kind         TEXT    NOT NULL CHECK (length(kind) BETWEEN 1 AND 23),
    instances    INTEGER NOT NULL,
    force        INTEGER NOT NULL CHECK (force IN (0, 1)),
    opened_at_ms INTEGER NOT NULL,
    closed_at_ms INTEGER NOT NULL DEFAULT 0,
    outcome      TEXT    NOT NULL CHECK (length(outcome) BETWEEN 1 AND 23),
    detail       TEXT    NOT NULL DEFAULT ''
) STRICT;

CREATE INDEX intent_run ON intent (run_id);

-- seq has no gaps: the one writer counts it, and a body that is undone gives its numbers back.
-- Whoever forgets old events must leave the newest one: the count goes on from it.
CREATE TABLE event (
    seq     INTEGER PRIMARY KEY,
    time_ms INTEGER NOT NULL,
    type    TEXT    NOT NULL CHECK (length(type) BETWEEN 1 AND 63),
    run_id  TEXT             CHECK (length(run_id) BETWEEN 1 AND 36),
    app_id  TEXT             CHECK (length(app_id) BETWEEN 1 AND 255),
    data    TEXT    NOT NULL
) STRICT;

CREATE INDEX event_run ON event (run_id) WHERE run_id IS NOT NULL;
CREATE INDEX event_app ON event (app_id);
CREATE INDEX event_type ON event (type);

CREATE TABLE audit (
    seq        INTEGER PRIMARY KEY,
    time_ms    INTEGER NOT NULL,
    actor      TEXT    NOT NULL,
    remote     TEXT    NOT NULL,
    action     TEXT    NOT NULL,
    family     TEXT    NOT NULL, -- action up to and with its first '.', for the filter by prefix
    app_id     TEXT    NOT NULL,
    run_id     TEXT    NOT NULL,
    reason     TEXT    NOT NULL,
    result     TEXT    NOT NULL,
    request_id TEXT    NOT NULL,
    data       TEXT    NOT NULL,
    hash       BLOB    NOT NULL CHECK (length(hash) = 32)
) STRICT;

CREATE INDEX audit_actor ON audit (actor);
CREATE INDEX audit_action ON audit (action);
CREATE INDEX audit_family ON audit (family);
CREATE INDEX audit_app ON audit (app_id);

-- Number and hash of the newest audit entry, so that entries cut off at the end are missed too.
CREATE TABLE audit_head (
    one     INTEGER PRIMARY KEY CHECK (one = 1),
    entries INTEGER NOT NULL CHECK (entries >= 0),
    hash    BLOB    NOT NULL CHECK (length(hash) = 32)
) STRICT;

CREATE TABLE idempotency (
    owner         TEXT    NOT NULL CHECK (length(owner) BETWEEN 1 AND 79),
    key           TEXT    NOT NULL CHECK (length(key) BETWEEN 1 AND 255),
    operation     TEXT    NOT NULL,
    body_hash     TEXT    NOT NULL CHECK (length(body_hash) = 64),
    status        INTEGER NOT NULL CHECK (status BETWEEN 100 AND 599),
    location      TEXT    NOT NULL CHECK (length(location) <= 299),
    created_at_ms INTEGER NOT NULL,
    body          TEXT    NOT NULL,
    UNIQUE (owner, key)
) STRICT;

CREATE INDEX idempotency_age ON idempotency (created_at_ms);

CREATE TABLE token (
    no            INTEGER PRIMARY KEY,
    id            TEXT    NOT NULL UNIQUE CHECK (length(id) BETWEEN 1 AND 36),
    name          TEXT    NOT NULL CHECK (length(name) BETWEEN 1 AND 63),
    hash          TEXT    NOT NULL UNIQUE CHECK (length(hash) = 64), -- SHA-256 of the token
    scopes        INTEGER NOT NULL CHECK (scopes BETWEEN 1 AND 63),
    app_prefix    TEXT    NOT NULL CHECK (app_prefix LIKE '/%' AND length(app_prefix) <= 255),
    created_at_ms INTEGER NOT NULL,
    expires_at_ms INTEGER NOT NULL,
    revoked_at_ms INTEGER NOT NULL DEFAULT 0
) STRICT;

CREATE UNIQUE INDEX token_live_name ON token (name) WHERE revoked_at_ms = 0;

CREATE TABLE revision (
    app_id        TEXT    NOT NULL CHECK (length(app_id) BETWEEN 1 AND 255),
    number        INTEGER NOT NULL CHECK (number >= 1),
    run_id        TEXT    NOT NULL CHECK (length(run_id) <= 36),
    digest        TEXT    NOT NULL CHECK (length(digest) <= 71),
    version       TEXT    NOT NULL CHECK (length(version) <= 24),
    created_at_ms INTEGER NOT NULL,
    definition    TEXT    NOT NULL,
    UNIQUE (app_id, number)
) STRICT;
