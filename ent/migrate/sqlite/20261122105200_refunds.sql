-- +goose Up
-- the constraints stand at columns: a table that others refer to cannot be made anew within a transaction
ALTER TABLE `attempts` ADD COLUMN `refunded_minor` integer NOT NULL DEFAULT (0);
ALTER TABLE `attempts` ADD COLUMN `refunding_minor` integer NOT NULL DEFAULT (0) CONSTRAINT `attempts_refunded` CHECK (refunded_minor >= 0 AND refunding_minor >= 0 AND refunded_minor + refunding_minor <= captured_minor);
ALTER TABLE `bills` ADD COLUMN `refunding_minor` integer NOT NULL DEFAULT (0) CONSTRAINT `bills_refunding` CHECK (refunding_minor >= 0 AND refunded_minor + refunding_minor <= paid_minor);
-- create index "cards_anybodys" to table: "cards"
CREATE INDEX `cards_anybodys` ON `cards` (`account`, `ref_hash`);
-- create "refunds" table
CREATE TABLE `refunds` (`id` uuid NOT NULL, `merchant_id` uuid NOT NULL, `review_id` uuid NULL, `operation_id` uuid NULL, `status` text NOT NULL, `currency` text NOT NULL, `amount_minor` integer NOT NULL, `source` text NOT NULL, `returns_all` bool NOT NULL, `reason` text NOT NULL, `requested_by` text NOT NULL, `approved_by` text NULL, `tries` integer NOT NULL DEFAULT (0), `decline_code` text NULL, `decline_provider_code` text NULL, `decline_message` text NULL, `decline_retry` text NULL, `created_at` datetime NOT NULL, `updated_at` datetime NOT NULL, `resolved_at` datetime NULL, `attempt_id` uuid NOT NULL, `bill_id` uuid NOT NULL, PRIMARY KEY (`id`), CONSTRAINT `refunds_attempts_refunds` FOREIGN KEY (`attempt_id`) REFERENCES `attempts` (`id`) ON DELETE NO ACTION, CONSTRAINT `refunds_bills_refunds` FOREIGN KEY (`bill_id`) REFERENCES `bills` (`id`) ON DELETE NO ACTION, CONSTRAINT `refunds_amount` CHECK (amount_minor > 0), CONSTRAINT `refunds_resolved` CHECK (resolved_at IS NULL AND status NOT IN ('SUCCEEDED', 'FAILED') OR resolved_at IS NOT NULL AND status IN ('SUCCEEDED', 'FAILED')), CONSTRAINT `refunds_source` CHECK (source IN ('REFUNDS', 'SUSPENSE')), CONSTRAINT `refunds_status` CHECK (status IN ('AWAITING_APPROVAL', 'REQUESTED', 'SENT', 'SUCCEEDED', 'FAILED', 'UNKNOWN')));
-- create index "refund_bill_id_id" to table: "refunds"
CREATE INDEX `refund_bill_id_id` ON `refunds` (`bill_id`, `id`);
-- create index "refund_attempt_id_id" to table: "refunds"
CREATE INDEX `refund_attempt_id_id` ON `refunds` (`attempt_id`, `id`);
-- create index "refund_review_id" to table: "refunds"
CREATE INDEX `refund_review_id` ON `refunds` (`review_id`);
-- create index "refund_status_updated_at" to table: "refunds"
CREATE INDEX `refund_status_updated_at` ON `refunds` (`status`, `updated_at`);
-- create index "refund_operation_id" to table: "refunds"
CREATE UNIQUE INDEX `refund_operation_id` ON `refunds` (`operation_id`);

-- +goose Down
-- reverse: create index "cards_anybodys" to table: "cards"
DROP INDEX `cards_anybodys`;
-- reverse: create index "refund_operation_id" to table: "refunds"
DROP INDEX `refund_operation_id`;
-- reverse: create index "refund_status_updated_at" to table: "refunds"
DROP INDEX `refund_status_updated_at`;
-- reverse: create index "refund_review_id" to table: "refunds"
DROP INDEX `refund_review_id`;
-- reverse: create index "refund_attempt_id_id" to table: "refunds"
DROP INDEX `refund_attempt_id_id`;
-- reverse: create index "refund_bill_id_id" to table: "refunds"
DROP INDEX `refund_bill_id_id`;
-- reverse: create "refunds" table
DROP TABLE `refunds`;
-- reverse: add columns to table "bills" and "attempts"
ALTER TABLE `bills` DROP COLUMN `refunding_minor`;
ALTER TABLE `attempts` DROP COLUMN `refunding_minor`;
ALTER TABLE `attempts` DROP COLUMN `refunded_minor`;
