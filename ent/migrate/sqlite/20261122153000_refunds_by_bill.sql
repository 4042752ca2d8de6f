-- +goose Up
-- drop index "refund_bill_id_id" from table: "refunds"
DROP INDEX `refund_bill_id_id`;
-- create index "refund_bill_id_status" to table: "refunds"
CREATE INDEX `refund_bill_id_status` ON `refunds` (`bill_id`, `status`);

-- +goose Down
-- reverse: create index "refund_bill_id_status" to table: "refunds"
DROP INDEX `refund_bill_id_status`;
-- reverse: drop index "refund_bill_id_id" from table: "refunds"
CREATE INDEX `refund_bill_id_id` ON `refunds` (`bill_id`, `id`);
