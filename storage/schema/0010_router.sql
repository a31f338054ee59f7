-- Who moves the requests of a pair; all plans so far were made for Marathon-LB's agent.
ALTER TABLE plan ADD COLUMN pair_router TEXT NOT NULL DEFAULT 'marathon-lb'
    CHECK (length(pair_router) <= 23);
