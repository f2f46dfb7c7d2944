-- What lies in the folder of media. A row says how many bytes of a medium are durable; with all of them it was checked
-- against its hash and stands under its name. Lost rows are found again by hashing the files.

CREATE TABLE media_file (
    sha256 BLOB PRIMARY KEY CHECK (length(sha256) = 32),
    bytes INTEGER NOT NULL CHECK (bytes > 0),
    durable INTEGER NOT NULL CHECK (durable BETWEEN 0 AND bytes),
    used_at_ms INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
