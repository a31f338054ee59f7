-- Checks of a new version before it gets requests.

-- How often, and what: `checks` is text that the storage does not look into.
ALTER TABLE plan ADD COLUMN verify_rounds INTEGER NOT NULL DEFAULT 0
    CHECK (verify_rounds BETWEEN 0 AND 60);
ALTER TABLE plan ADD COLUMN verify_interval_ms INTEGER NOT NULL DEFAULT 0;
ALTER TABLE plan ADD COLUMN verify_failure_limit INTEGER NOT NULL DEFAULT 0;
ALTER TABLE plan ADD COLUMN checks TEXT;

-- How the rounds went, a letter for each, and what the last one found.
ALTER TABLE run ADD COLUMN rounds TEXT NOT NULL DEFAULT '' CHECK (length(rounds) <= 60);
ALTER TABLE run ADD COLUMN measured_at_ms INTEGER NOT NULL DEFAULT 0;
ALTER TABLE run ADD COLUMN measured TEXT NOT NULL DEFAULT '' CHECK (length(measured) < 200);

-- Each round as JSON, with a comma between.
ALTER TABLE step ADD COLUMN rounds TEXT NOT NULL DEFAULT '';
