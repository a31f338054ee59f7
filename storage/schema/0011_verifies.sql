-- Several sets of checks in one plan: one beside the steps, and one for each step that verifies.
ALTER TABLE plan ADD COLUMN verifies TEXT NOT NULL DEFAULT '';

-- Plans so far have at most one, in a step; rounds that said nothing had the limit of failed ones.
UPDATE plan
   SET verifies = ';' || verify_rounds || ' ' || verify_interval_ms || ' ' || verify_failure_limit
                      || ' ' || verify_failure_limit || ' 0 fail',
       checks = '[[],' || checks || ']'
 WHERE verify_rounds > 0;
ALTER TABLE plan DROP COLUMN verify_rounds;
ALTER TABLE plan DROP COLUMN verify_interval_ms;
ALTER TABLE plan DROP COLUMN verify_failure_limit;

-- Which of them the rounds are of, and how many have been made: a record has the last ones only.
ALTER TABLE run ADD COLUMN verify_set INTEGER NOT NULL DEFAULT 0 CHECK (verify_set BETWEEN 0 AND 8);
ALTER TABLE run ADD COLUMN round_count INTEGER NOT NULL DEFAULT 0 CHECK (round_count >= 0);
UPDATE run SET verify_set = 1, round_count = length(rounds)
 WHERE plan_id IN (SELECT id FROM plan WHERE verifies <> '');
