-- A disk that is older than what this kiosk once said must be noticed, and must stop for good.

-- One more standing, and what a fenced kiosk has to confess: the platform's signed challenge, as JSON, from the moment
-- it came until the kiosk is enrolled anew; confessed once the platform has taken it.
CREATE TABLE identity_next (
    one INTEGER PRIMARY KEY CHECK (one = 1),
    device BLOB NOT NULL CHECK (length(device) = 16),
    epoch INTEGER NOT NULL CHECK (epoch >= 0),
    origin TEXT NOT NULL,
    city INTEGER NOT NULL,
    mall BLOB NOT NULL CHECK (length(mall) = 16),
    platform_key BLOB NOT NULL CHECK (length(platform_key) = 32),
    public_key BLOB NOT NULL CHECK (length(public_key) = 32),
    standing TEXT NOT NULL DEFAULT 'good'
        CHECK (standing IN ('good', 'device_refused', 'epoch_ended', 'fenced')),
    challenge TEXT,
    confessed INTEGER NOT NULL DEFAULT 0 CHECK (confessed IN (0, 1)),
    CHECK (challenge IS NULL OR standing = 'fenced')
) STRICT;
INSERT INTO identity_next (one, device, epoch, origin, city, mall, platform_key, public_key, standing)
    SELECT one, device, epoch, origin, city, mall, platform_key, public_key, standing FROM identity;
DROP TABLE identity;
ALTER TABLE identity_next RENAME TO identity;

-- The number of the last signed POST, and of the vouchers ever issued in this epoch; pruning leaves both alone.
ALTER TABLE memory ADD COLUMN counter INTEGER NOT NULL DEFAULT 0;
ALTER TABLE memory ADD COLUMN vouchers INTEGER NOT NULL DEFAULT 0;
UPDATE memory SET vouchers = (SELECT count(*) FROM voucher);
