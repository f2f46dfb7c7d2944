-- A fencing is never changed or removed.
CREATE TRIGGER fencing_no_update BEFORE UPDATE ON fencing
BEGIN SELECT RAISE(ABORT, 'fencing_append_only'); END;
CREATE TRIGGER fencing_no_delete BEFORE DELETE ON fencing
BEGIN SELECT RAISE(ABORT, 'fencing_append_only'); END;
