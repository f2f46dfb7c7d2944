-- Places with marks, and snapshots that are put aside until they are whole. What was there is fetched again.

DELETE FROM feed_row;
-- feed_row is exactly what the platform says, rows this build does not understand included. What must not go back
-- with it, the newest key ring and configuration, is kept here under its kind.
CREATE TABLE feed_kept (
    kind TEXT NOT NULL PRIMARY KEY,
    row TEXT NOT NULL
) STRICT, WITHOUT ROWID;

-- A snapshot on its way; it takes the place of feed_row in one transaction.
CREATE TABLE feed_staged (
    kind TEXT NOT NULL,
    id TEXT NOT NULL,
    row TEXT NOT NULL,
    PRIMARY KEY (kind, id)
) STRICT, WITHOUT ROWID;

-- place 1 is that of feed_row, place 2 the one the snapshot on its way leads to; part is what to ask for next.
DROP TABLE feed_place;
CREATE TABLE feed_place (
    place INTEGER PRIMARY KEY CHECK (place IN (1, 2)),
    cursor INTEGER NOT NULL,
    mark BLOB NOT NULL,
    view BLOB NOT NULL,
    part TEXT CHECK ((part IS NULL) = (place = 1))
) STRICT;
INSERT INTO feed_place (place, cursor, mark, view) VALUES (1, 0, zeroblob(16), zeroblob(16));

-- Whose feed it is: content of another enrolment is dropped.
CREATE TABLE feed_owner (
    one INTEGER PRIMARY KEY CHECK (one = 1),
    scope BLOB
) STRICT;
INSERT INTO feed_owner (one) VALUES (1);
