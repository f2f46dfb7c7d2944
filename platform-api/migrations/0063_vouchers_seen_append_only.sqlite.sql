-- What was seen is never changed or removed.
CREATE TRIGGER voucher_seen_no_update BEFORE UPDATE ON voucher_seen
BEGIN SELECT RAISE(ABORT, 'voucher_seen_append_only'); END;
CREATE TRIGGER voucher_seen_no_delete BEFORE DELETE ON voucher_seen
BEGIN SELECT RAISE(ABORT, 'voucher_seen_append_only'); END;
