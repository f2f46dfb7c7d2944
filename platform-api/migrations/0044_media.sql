-- Pictures, the variants they were scaled to, and which store shows which (src/modules/media). A picture is named by
-- the SHA-256 of the file that was uploaded, a variant by that of its own bytes, which lie in the folder `media`.

CREATE TABLE picture (
    id          TEXT   NOT NULL PRIMARY KEY,
    name        TEXT   NOT NULL,
    uploaded_by TEXT   NOT NULL,
    uploaded_at BIGINT NOT NULL
);

CREATE TABLE picture_variant (
    picture TEXT   NOT NULL REFERENCES picture (id),
    width   BIGINT NOT NULL CHECK (width > 0),
    height  BIGINT NOT NULL CHECK (height > 0),
    sha256  TEXT   NOT NULL,
    bytes   BIGINT NOT NULL CHECK (bytes > 0),
    mime    TEXT   NOT NULL CHECK (mime IN ('image/jpeg', 'image/png')),
    PRIMARY KEY (picture, width)
);
-- Two files may scale to the same small picture.
CREATE INDEX picture_variant_by_hash ON picture_variant (sha256);

ALTER TABLE store ADD COLUMN picture TEXT REFERENCES picture (id);
