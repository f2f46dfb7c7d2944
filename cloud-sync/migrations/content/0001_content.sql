-- What the feed brought. May be thrown away at any time and is fetched again.

CREATE TABLE feed_row (
    kind TEXT NOT NULL,
    id TEXT NOT NULL,
    row TEXT NOT NULL,
    PRIMARY KEY (kind, id)
) STRICT, WITHOUT ROWID;

-- Place reached in the feed, and whose feed it is: content of another enrolment is dropped.
CREATE TABLE feed_place (
    one INTEGER PRIMARY KEY CHECK (one = 1),
    cursor INTEGER NOT NULL DEFAULT 0,
    scope BLOB
) STRICT;
INSERT INTO feed_place (one) VALUES (1);
