-- What balancers have counted of both versions of a pair, and what speaks against the new one.
ALTER TABLE run ADD COLUMN trial TEXT NOT NULL DEFAULT '' CHECK (length(trial) < 6000);
