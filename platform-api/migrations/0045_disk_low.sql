-- A kiosk says in its heartbeat when its disk is low.

ALTER TABLE kiosk ADD COLUMN disk_low BIGINT NOT NULL DEFAULT 0 CHECK (disk_low IN (0, 1));
