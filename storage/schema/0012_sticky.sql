-- Users who stick to their server: whether a weight is a share of new users only, and how many
-- requests went by the weights at all.
ALTER TABLE plan ADD COLUMN pair_by_users INTEGER NOT NULL DEFAULT 0
    CHECK (pair_by_users IN (0, 1));
ALTER TABLE run ADD COLUMN split_old_chosen INTEGER NOT NULL DEFAULT 0;
ALTER TABLE run ADD COLUMN split_new_chosen INTEGER NOT NULL DEFAULT 0;
