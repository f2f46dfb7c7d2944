-- What is still to be handled (src/foundation/outbox.rs), in its order: the dispatcher looks four times a second and must
-- not read all that was ever handled.

CREATE INDEX outbox_event_open ON outbox_event (seq) WHERE done_at IS NULL;
DROP INDEX outbox_event_due;
