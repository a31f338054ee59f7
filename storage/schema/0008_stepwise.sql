-- Old instances that go while the new version grows: how they take leave, and how many stay.
-- 10000 is more than there can be: all stay.
ALTER TABLE run ADD COLUMN leaving_serving TEXT NOT NULL DEFAULT 'drains'
    CHECK (leaving_serving IN ('serves', 'drains', 'rests'));
ALTER TABLE run ADD COLUMN old_stay INTEGER NOT NULL DEFAULT 10000
    CHECK (old_stay BETWEEN 0 AND 10000);
ALTER TABLE intent ADD COLUMN leaving_serving TEXT NOT NULL DEFAULT 'drains';
ALTER TABLE intent ADD COLUMN old_stay INTEGER NOT NULL DEFAULT 10000;
