-- +goose Up
-- create index "attempts_in_doubt" to table: "attempts"
CREATE INDEX "attempts_in_doubt" ON "attempts" ("account", "doubt_since") WHERE doubt_since IS NOT NULL;
-- create index "attempts_resolved" to table: "attempts"
CREATE INDEX "attempts_resolved" ON "attempts" ("account", "resolved_at") WHERE resolved_at IS NOT NULL;
-- modify "provider_events" table
ALTER TABLE "provider_events" ADD COLUMN "result" json NULL;
-- create index "provider_events_waiting" to table: "provider_events"
CREATE INDEX "provider_events_waiting" ON "provider_events" ("account", "received_at") WHERE processed_at IS NULL;

-- +goose Down
-- reverse: create index "provider_events_waiting" to table: "provider_events"
DROP INDEX "provider_events_waiting";
-- reverse: modify "provider_events" table
ALTER TABLE "provider_events" DROP COLUMN "result";
-- reverse: create index "attempts_resolved" to table: "attempts"
DROP INDEX "attempts_resolved";
-- reverse: create index "attempts_in_doubt" to table: "attempts"
DROP INDEX "attempts_in_doubt";
