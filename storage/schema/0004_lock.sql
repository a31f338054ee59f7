-- What a deployment excludes others from: both colours of a pair and the plain app are one lock
-- (strategies/model/colours.h). Written with the row; those from before keep the app's id, by which they were told apart.
ALTER TABLE run ADD COLUMN lock TEXT NOT NULL DEFAULT '' CHECK (length(lock) <= 255);
UPDATE run SET lock = app_id WHERE active = 1 OR state = 'queued';

-- One live deployment per lock; who is next in its queue.
DROP INDEX run_live;
DROP INDEX run_queue;
CREATE UNIQUE INDEX run_live ON run (lock) WHERE active = 1;
CREATE INDEX run_queue ON run (lock) WHERE state = 'queued';
