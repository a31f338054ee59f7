-- How few instances of a pair take requests at the worst moment, as the plan promises; 0: no promise.
ALTER TABLE plan ADD COLUMN pair_floor INTEGER NOT NULL DEFAULT 0 CHECK (pair_floor >= 0);
