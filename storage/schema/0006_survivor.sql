-- Of a plan over two apps that exist both: the one that stays, as it was.
ALTER TABLE plan ADD COLUMN survivor TEXT;
