-- Where the new instances of a pair can be reached directly, with a space between.
ALTER TABLE run ADD COLUMN new_addresses TEXT NOT NULL DEFAULT ''
    CHECK (length(new_addresses) < 896);
