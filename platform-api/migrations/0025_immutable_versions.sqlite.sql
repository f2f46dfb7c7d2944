-- What a version of a batch says never changes: coupons keep the version they were issued under.
CREATE TRIGGER batch_version_no_rewrite BEFORE UPDATE OF batch, version, content, drafted_by ON batch_version
BEGIN SELECT RAISE(ABORT, 'batch_version_immutable'); END;
CREATE TRIGGER batch_version_no_delete BEFORE DELETE ON batch_version
BEGIN SELECT RAISE(ABORT, 'batch_version_immutable'); END;
