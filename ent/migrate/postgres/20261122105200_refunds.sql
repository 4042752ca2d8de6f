-- +goose Up
-- modify "attempts" table
ALTER TABLE "attempts" ADD CONSTRAINT "attempts_refunded" CHECK (refunded_minor >= 0 AND refunding_minor >= 0 AND refunded_minor + refunding_minor <= captured_minor), ADD COLUMN "refunded_minor" bigint NOT NULL DEFAULT 0, ADD COLUMN "refunding_minor" bigint NOT NULL DEFAULT 0;
-- modify "bills" table
ALTER TABLE "bills" ADD CONSTRAINT "bills_refunding" CHECK (refunding_minor >= 0 AND refunded_minor + refunding_minor <= paid_minor), ADD COLUMN "refunding_minor" bigint NOT NULL DEFAULT 0;
-- create index "cards_anybodys" to table: "cards"
CREATE INDEX "cards_anybodys" ON "cards" ("account", "ref_hash");
-- create "refunds" table
CREATE TABLE "refunds" ("id" uuid NOT NULL, "merchant_id" uuid NOT NULL, "review_id" uuid NULL, "operation_id" uuid NULL, "status" character varying NOT NULL, "currency" character varying NOT NULL, "amount_minor" bigint NOT NULL, "source" character varying NOT NULL, "returns_all" boolean NOT NULL, "reason" character varying NOT NULL, "requested_by" character varying NOT NULL, "approved_by" character varying NULL, "tries" bigint NOT NULL DEFAULT 0, "decline_code" character varying NULL, "decline_provider_code" character varying NULL, "decline_message" character varying NULL, "decline_retry" character varying NULL, "created_at" timestamptz NOT NULL, "updated_at" timestamptz NOT NULL, "resolved_at" timestamptz NULL, "attempt_id" uuid NOT NULL, "bill_id" uuid NOT NULL, PRIMARY KEY ("id"), CONSTRAINT "refunds_attempts_refunds" FOREIGN KEY ("attempt_id") REFERENCES "attempts" ("id") ON DELETE NO ACTION, CONSTRAINT "refunds_bills_refunds" FOREIGN KEY ("bill_id") REFERENCES "bills" ("id") ON DELETE NO ACTION, CONSTRAINT "refunds_amount" CHECK (amount_minor > 0), CONSTRAINT "refunds_resolved" CHECK (resolved_at IS NULL AND status NOT IN ('SUCCEEDED', 'FAILED') OR resolved_at IS NOT NULL AND status IN ('SUCCEEDED', 'FAILED')), CONSTRAINT "refunds_source" CHECK (source IN ('REFUNDS', 'SUSPENSE')), CONSTRAINT "refunds_status" CHECK (status IN ('AWAITING_APPROVAL', 'REQUESTED', 'SENT', 'SUCCEEDED', 'FAILED', 'UNKNOWN')));
-- create index "refund_bill_id_id" to table: "refunds"
CREATE INDEX "refund_bill_id_id" ON "refunds" ("bill_id", "id");
-- create index "refund_attempt_id_id" to table: "refunds"
CREATE INDEX "refund_attempt_id_id" ON "refunds" ("attempt_id", "id");
-- create index "refund_review_id" to table: "refunds"
CREATE INDEX "refund_review_id" ON "refunds" ("review_id");
-- create index "refund_status_updated_at" to table: "refunds"
CREATE INDEX "refund_status_updated_at" ON "refunds" ("status", "updated_at");
-- create index "refund_operation_id" to table: "refunds"
CREATE UNIQUE INDEX "refund_operation_id" ON "refunds" ("operation_id");

-- +goose Down
-- reverse: create index "cards_anybodys" to table: "cards"
DROP INDEX "cards_anybodys";
-- reverse: create index "refund_operation_id" to table: "refunds"
DROP INDEX "refund_operation_id";
-- reverse: create index "refund_status_updated_at" to table: "refunds"
DROP INDEX "refund_status_updated_at";
-- reverse: create index "refund_review_id" to table: "refunds"
DROP INDEX "refund_review_id";
-- reverse: create index "refund_attempt_id_id" to table: "refunds"
DROP INDEX "refund_attempt_id_id";
-- reverse: create index "refund_bill_id_id" to table: "refunds"
DROP INDEX "refund_bill_id_id";
-- reverse: create "refunds" table
DROP TABLE "refunds";
-- reverse: modify "bills" table
ALTER TABLE "bills" DROP COLUMN "refunding_minor", DROP CONSTRAINT "bills_refunding";
-- reverse: modify "attempts" table
ALTER TABLE "attempts" DROP COLUMN "refunding_minor", DROP COLUMN "refunded_minor", DROP CONSTRAINT "attempts_refunded";
