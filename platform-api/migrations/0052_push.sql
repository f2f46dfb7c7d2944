-- Whether a kiosk's push stream was open at its last heartbeat.
ALTER TABLE kiosk ADD COLUMN stream BIGINT NOT NULL DEFAULT 0 CHECK (stream IN (0, 1));
