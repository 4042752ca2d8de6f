-- +goose Up
-- create "api_keys" table
CREATE TABLE `api_keys` (`id` uuid NOT NULL, `merchant_id` uuid NOT NULL, `role` text NOT NULL, `hash` blob NOT NULL, `hint` text NOT NULL, `created_at` datetime NOT NULL, `revoked_at` datetime NULL, PRIMARY KEY (`id`), CONSTRAINT `api_keys_role` CHECK (role IN ('PUBLIC', 'SERVER')));
-- create index "apikey_hash" to table: "api_keys"
CREATE UNIQUE INDEX `apikey_hash` ON `api_keys` (`hash`);
-- create index "apikey_merchant_id" to table: "api_keys"
CREATE INDEX `apikey_merchant_id` ON `api_keys` (`merchant_id`);
-- create "attempts" table
CREATE TABLE `attempts` (`id` uuid NOT NULL, `merchant_id` uuid NOT NULL, `provider` text NOT NULL, `account` text NOT NULL, `order_number` text NOT NULL, `method_kind` text NOT NULL DEFAULT ('CARD'), `status` text NOT NULL, `current` bool NOT NULL, `test_mode` bool NOT NULL, `currency` text NOT NULL, `amount_minor` integer NOT NULL, `fee_minor` integer NOT NULL DEFAULT (0), `authorized_minor` integer NOT NULL DEFAULT (0), `captured_minor` integer NOT NULL DEFAULT (0), `provider_ref` text NULL, `provider_status` text NULL, `redirect_url` text NULL, `redirect_method` text NULL, `redirect_fields` json NULL, `return_url` text NULL, `session_ends_at` datetime NULL, `watch_until` datetime NOT NULL, `asked_at` datetime NULL, `doubt_since` datetime NULL, `card_brand` text NULL, `card_mask` text NULL, `decline_code` text NULL, `decline_provider_code` text NULL, `decline_message` text NULL, `decline_retry` text NULL, `created_at` datetime NOT NULL, `updated_at` datetime NOT NULL, `resolved_at` datetime NULL, `bill_id` uuid NOT NULL, PRIMARY KEY (`id`), CONSTRAINT `attempts_bills_attempts` FOREIGN KEY (`bill_id`) REFERENCES `bills` (`id`) ON DELETE NO ACTION, CONSTRAINT `attempts_amount` CHECK (amount_minor > 0), CONSTRAINT `attempts_captured` CHECK (captured_minor >= 0 AND authorized_minor >= 0 AND fee_minor >= 0), CONSTRAINT `attempts_method` CHECK (method_kind IN ('CARD', 'WALLET', 'TELEGRAM', 'OTHER')), CONSTRAINT `attempts_status` CHECK (status IN ('CREATED', 'SENT', 'ACTION_REQUIRED', 'AUTHORIZED', 'CAPTURED', 'DECLINED', 'FAILED', 'VOIDED', 'EXPIRED', 'UNKNOWN')));
-- create index "attempt_account_order_number" to table: "attempts"
CREATE UNIQUE INDEX `attempt_account_order_number` ON `attempts` (`account`, `order_number`);
-- create index "attempts_one_current" to table: "attempts"
CREATE UNIQUE INDEX `attempts_one_current` ON `attempts` (`bill_id`) WHERE current;
-- create index "attempt_bill_id_id" to table: "attempts"
CREATE INDEX `attempt_bill_id_id` ON `attempts` (`bill_id`, `id`);
-- create index "attempt_merchant_id_provider_ref" to table: "attempts"
CREATE INDEX `attempt_merchant_id_provider_ref` ON `attempts` (`merchant_id`, `provider_ref`);
-- create index "attempt_status_watch_until" to table: "attempts"
CREATE INDEX `attempt_status_watch_until` ON `attempts` (`status`, `watch_until`);
-- create "bills" table
CREATE TABLE `bills` (`id` uuid NOT NULL, `merchant_id` uuid NOT NULL, `status` text NOT NULL, `currency` text NOT NULL, `total_minor` integer NOT NULL, `paid_minor` integer NOT NULL DEFAULT (0), `refunded_minor` integer NOT NULL DEFAULT (0), `email` text NULL, `page_id` text NULL, `reference` text NULL, `locale` text NULL, `return_url` text NULL, `metadata` json NULL, `version` integer NOT NULL, `token_version` integer NOT NULL DEFAULT (1), `paid_at` datetime NULL, `expires_at` datetime NOT NULL, `created_at` datetime NOT NULL, `updated_at` datetime NOT NULL, `product_id` uuid NULL, `price_id` uuid NULL, `user_id` uuid NULL, PRIMARY KEY (`id`), CONSTRAINT `bills_products_product` FOREIGN KEY (`product_id`) REFERENCES `products` (`id`) ON DELETE SET NULL, CONSTRAINT `bills_prices_price` FOREIGN KEY (`price_id`) REFERENCES `prices` (`id`) ON DELETE SET NULL, CONSTRAINT `bills_users_bills` FOREIGN KEY (`user_id`) REFERENCES `users` (`id`) ON DELETE SET NULL, CONSTRAINT `bills_paid` CHECK (paid_minor >= 0), CONSTRAINT `bills_refunded` CHECK (refunded_minor >= 0 AND refunded_minor <= paid_minor), CONSTRAINT `bills_status` CHECK (status IN ('PENDING', 'AUTHORIZED', 'PAID', 'DONE', 'AMOUNT_MISMATCH', 'FAILED', 'EXPIRED', 'CANCELED', 'REFUNDED')), CONSTRAINT `bills_total` CHECK (total_minor > 0 AND total_minor <= 9007199254740991), CONSTRAINT `bills_version` CHECK (version >= 1));
-- create index "bill_merchant_id_reference" to table: "bills"
CREATE UNIQUE INDEX `bill_merchant_id_reference` ON `bills` (`merchant_id`, `reference`);
-- create index "bill_merchant_id_id" to table: "bills"
CREATE INDEX `bill_merchant_id_id` ON `bills` (`merchant_id`, `id`);
-- create index "bill_merchant_id_status_id" to table: "bills"
CREATE INDEX `bill_merchant_id_status_id` ON `bills` (`merchant_id`, `status`, `id`);
-- create index "bill_merchant_id_updated_at_id" to table: "bills"
CREATE INDEX `bill_merchant_id_updated_at_id` ON `bills` (`merchant_id`, `updated_at`, `id`);
-- create index "bill_merchant_id_total_minor_id" to table: "bills"
CREATE INDEX `bill_merchant_id_total_minor_id` ON `bills` (`merchant_id`, `total_minor`, `id`);
-- create index "bill_merchant_id_expires_at_id" to table: "bills"
CREATE INDEX `bill_merchant_id_expires_at_id` ON `bills` (`merchant_id`, `expires_at`, `id`);
-- create index "bill_merchant_id_email" to table: "bills"
CREATE INDEX `bill_merchant_id_email` ON `bills` (`merchant_id`, `email`);
-- create index "bill_user_id_id" to table: "bills"
CREATE INDEX `bill_user_id_id` ON `bills` (`user_id`, `id`);
-- create index "bill_product_id_id" to table: "bills"
CREATE INDEX `bill_product_id_id` ON `bills` (`product_id`, `id`);
-- create "bill_events" table
CREATE TABLE `bill_events` (`id` integer NOT NULL PRIMARY KEY AUTOINCREMENT, `merchant_id` uuid NOT NULL, `user_id` uuid NULL, `version` integer NOT NULL, `from` text NULL, `to` text NOT NULL, `reason` text NOT NULL, `actor` text NULL, `note` text NULL, `at` datetime NOT NULL, `txid` integer NULL DEFAULT (0), `bill_id` uuid NOT NULL, CONSTRAINT `bill_events_bills_events` FOREIGN KEY (`bill_id`) REFERENCES `bills` (`id`) ON DELETE NO ACTION, CONSTRAINT `bill_events_from` CHECK ("from" IS NULL OR "from" IN ('PENDING', 'AUTHORIZED', 'PAID', 'DONE', 'AMOUNT_MISMATCH', 'FAILED', 'EXPIRED', 'CANCELED', 'REFUNDED')), CONSTRAINT `bill_events_to` CHECK ("to" IN ('PENDING', 'AUTHORIZED', 'PAID', 'DONE', 'AMOUNT_MISMATCH', 'FAILED', 'EXPIRED', 'CANCELED', 'REFUNDED')));
-- create index "billevent_bill_id_version" to table: "bill_events"
CREATE UNIQUE INDEX `billevent_bill_id_version` ON `bill_events` (`bill_id`, `version`);
-- create index "billevent_txid_id" to table: "bill_events"
CREATE INDEX `billevent_txid_id` ON `bill_events` (`txid`, `id`);
-- create index "billevent_merchant_id_txid_id" to table: "bill_events"
CREATE INDEX `billevent_merchant_id_txid_id` ON `bill_events` (`merchant_id`, `txid`, `id`);
-- create index "billevent_user_id_txid_id" to table: "bill_events"
CREATE INDEX `billevent_user_id_txid_id` ON `bill_events` (`user_id`, `txid`, `id`);
-- create "bill_lines" table
CREATE TABLE `bill_lines` (`id` uuid NOT NULL, `position` integer NOT NULL, `title` text NOT NULL, `quantity` integer NOT NULL, `unit_minor` integer NOT NULL, `currency` text NOT NULL, `tax` text NULL, `bill_id` uuid NOT NULL, PRIMARY KEY (`id`), CONSTRAINT `bill_lines_bills_lines` FOREIGN KEY (`bill_id`) REFERENCES `bills` (`id`) ON DELETE NO ACTION, CONSTRAINT `bill_lines_quantity` CHECK (quantity > 0), CONSTRAINT `bill_lines_unit` CHECK (unit_minor > 0));
-- create index "billline_bill_id_position" to table: "bill_lines"
CREATE UNIQUE INDEX `billline_bill_id_position` ON `bill_lines` (`bill_id`, `position`);
-- create "entitlements" table
CREATE TABLE `entitlements` (`id` uuid NOT NULL, `merchant_id` uuid NOT NULL, `kind` text NOT NULL, `resource` text NOT NULL DEFAULT (''), `granted_at` datetime NOT NULL, `expires_at` datetime NULL, `revoked_at` datetime NULL, `bill_id` uuid NOT NULL, `user_id` uuid NULL, PRIMARY KEY (`id`), CONSTRAINT `entitlements_bills_entitlements` FOREIGN KEY (`bill_id`) REFERENCES `bills` (`id`) ON DELETE NO ACTION, CONSTRAINT `entitlements_users_entitlements` FOREIGN KEY (`user_id`) REFERENCES `users` (`id`) ON DELETE SET NULL);
-- create index "entitlement_bill_id_kind_resource" to table: "entitlements"
CREATE UNIQUE INDEX `entitlement_bill_id_kind_resource` ON `entitlements` (`bill_id`, `kind`, `resource`);
-- create index "entitlement_user_id_id" to table: "entitlements"
CREATE INDEX `entitlement_user_id_id` ON `entitlements` (`user_id`, `id`);
-- create "idempotency_records" table
CREATE TABLE `idempotency_records` (`id` uuid NOT NULL, `merchant_id` uuid NOT NULL, `principal` text NOT NULL, `mutation` text NOT NULL, `key` text NOT NULL, `input_hash` blob NOT NULL, `object_id` text NOT NULL DEFAULT (''), `errors` json NULL, `lease_until` datetime NULL, `finished_at` datetime NULL, `created_at` datetime NOT NULL, PRIMARY KEY (`id`), CONSTRAINT `idempotency_records_state` CHECK (lease_until IS NULL AND finished_at IS NOT NULL OR lease_until IS NOT NULL AND finished_at IS NULL));
-- create index "idempotencyrecord_merchant_id_principal_mutation_key" to table: "idempotency_records"
CREATE UNIQUE INDEX `idempotencyrecord_merchant_id_principal_mutation_key` ON `idempotency_records` (`merchant_id`, `principal`, `mutation`, `key`);
-- create index "idempotencyrecord_created_at" to table: "idempotency_records"
CREATE INDEX `idempotencyrecord_created_at` ON `idempotency_records` (`created_at`);
-- create "jobs" table
CREATE TABLE `jobs` (`id` uuid NOT NULL, `kind` text NOT NULL, `key` text NOT NULL, `payload` json NULL, `priority` integer NOT NULL DEFAULT (0), `run_at` datetime NOT NULL, `rerun_at` datetime NULL, `tries` integer NOT NULL DEFAULT (0), `fence` integer NOT NULL DEFAULT (0), `lease_until` datetime NULL, `parked_at` datetime NULL, `last_error` text NULL, `created_at` datetime NOT NULL, PRIMARY KEY (`id`), CONSTRAINT `jobs_parked` CHECK (parked_at IS NULL OR lease_until IS NULL));
-- create index "job_kind_key" to table: "jobs"
CREATE UNIQUE INDEX `job_kind_key` ON `jobs` (`kind`, `key`);
-- create index "job_run_at" to table: "jobs"
CREATE INDEX `job_run_at` ON `jobs` (`run_at`) WHERE parked_at IS NULL;
-- create index "job_priority_run_at" to table: "jobs"
CREATE INDEX `job_priority_run_at` ON `jobs` (`priority`, `run_at`);
-- create "ledger_accounts" table
CREATE TABLE `ledger_accounts` (`id` uuid NOT NULL, `merchant_id` uuid NOT NULL, `kind` text NOT NULL, `currency` text NOT NULL, `owner` text NOT NULL DEFAULT (''), `created_at` datetime NOT NULL, PRIMARY KEY (`id`), CONSTRAINT `ledger_accounts_kind` CHECK (kind IN ('CLEARING', 'SALES', 'SUSPENSE', 'REFUNDS', 'FEES', 'RECEIVABLE', 'WALLET_AVAILABLE', 'WALLET_HELD')));
-- create index "ledgeraccount_merchant_id_kind_currency_owner" to table: "ledger_accounts"
CREATE UNIQUE INDEX `ledgeraccount_merchant_id_kind_currency_owner` ON `ledger_accounts` (`merchant_id`, `kind`, `currency`, `owner`);
-- create "ledger_entries" table
CREATE TABLE `ledger_entries` (`id` uuid NOT NULL, `merchant_id` uuid NOT NULL, `transfer` text NOT NULL, `leg` integer NOT NULL, `kind` text NOT NULL, `amount_minor` integer NOT NULL, `currency` text NOT NULL, `balance_after_minor` integer NULL, `created_at` datetime NOT NULL, `account_id` uuid NOT NULL, `bill_id` uuid NULL, `wallet_id` uuid NULL, PRIMARY KEY (`id`), CONSTRAINT `ledger_entries_ledger_accounts_account` FOREIGN KEY (`account_id`) REFERENCES `ledger_accounts` (`id`) ON DELETE NO ACTION, CONSTRAINT `ledger_entries_bills_bill` FOREIGN KEY (`bill_id`) REFERENCES `bills` (`id`) ON DELETE SET NULL, CONSTRAINT `ledger_entries_wallets_wallet` FOREIGN KEY (`wallet_id`) REFERENCES `wallets` (`id`) ON DELETE SET NULL, CONSTRAINT `ledger_entries_amount` CHECK (amount_minor <> 0), CONSTRAINT `ledger_entries_kind` CHECK (kind IN ('TOP_UP', 'PURCHASE', 'REFUND', 'GIFT', 'HOLD', 'RELEASE', 'ADJUSTMENT')));
-- create index "ledgerentry_transfer_leg" to table: "ledger_entries"
CREATE UNIQUE INDEX `ledgerentry_transfer_leg` ON `ledger_entries` (`transfer`, `leg`);
-- create index "ledgerentry_account_id_id" to table: "ledger_entries"
CREATE INDEX `ledgerentry_account_id_id` ON `ledger_entries` (`account_id`, `id`);
-- create index "ledgerentry_wallet_id_id" to table: "ledger_entries"
CREATE INDEX `ledgerentry_wallet_id_id` ON `ledger_entries` (`wallet_id`, `id`);
-- create index "ledgerentry_bill_id" to table: "ledger_entries"
CREATE INDEX `ledgerentry_bill_id` ON `ledger_entries` (`bill_id`);
-- create "merchants" table
CREATE TABLE `merchants` (`id` uuid NOT NULL, `code` text NOT NULL, `name` text NOT NULL, `test_mode` bool NOT NULL, `time_zone` text NOT NULL DEFAULT ('UTC'), `default_provider` text NULL, `created_at` datetime NOT NULL, PRIMARY KEY (`id`));
-- create index "merchant_code" to table: "merchants"
CREATE UNIQUE INDEX `merchant_code` ON `merchants` (`code`);
-- create "operations" table
CREATE TABLE `operations` (`id` uuid NOT NULL, `kind` text NOT NULL, `status` text NOT NULL, `amount_minor` integer NOT NULL, `currency` text NOT NULL, `actor` text NULL, `error_kind` text NULL, `error_code` text NULL, `created_at` datetime NOT NULL, `resolved_at` datetime NULL, `attempt_id` uuid NOT NULL, PRIMARY KEY (`id`), CONSTRAINT `operations_attempts_operations` FOREIGN KEY (`attempt_id`) REFERENCES `attempts` (`id`) ON DELETE NO ACTION, CONSTRAINT `operations_kind` CHECK (kind IN ('START', 'CHARGE', 'CAPTURE', 'VOID', 'REFUND')), CONSTRAINT `operations_status` CHECK (status IN ('CREATED', 'SUCCEEDED', 'DECLINED', 'FAILED', 'UNKNOWN')));
-- create index "operations_one_open" to table: "operations"
CREATE UNIQUE INDEX `operations_one_open` ON `operations` (`attempt_id`) WHERE resolved_at IS NULL;
-- create index "operation_attempt_id_id" to table: "operations"
CREATE INDEX `operation_attempt_id_id` ON `operations` (`attempt_id`, `id`);
-- create index "operation_status_created_at" to table: "operations"
CREATE INDEX `operation_status_created_at` ON `operations` (`status`, `created_at`);
-- create "origins" table
CREATE TABLE `origins` (`id` integer NOT NULL PRIMARY KEY AUTOINCREMENT, `origin` text NOT NULL, `created_at` datetime NOT NULL, `merchant_id` uuid NOT NULL, CONSTRAINT `origins_merchants_origins` FOREIGN KEY (`merchant_id`) REFERENCES `merchants` (`id`) ON DELETE NO ACTION);
-- create index "origin_merchant_id_origin" to table: "origins"
CREATE UNIQUE INDEX `origin_merchant_id_origin` ON `origins` (`merchant_id`, `origin`);
-- create "outbox_messages" table
CREATE TABLE `outbox_messages` (`id` uuid NOT NULL, `merchant_id` uuid NOT NULL, `topic` text NOT NULL, `object_id` text NOT NULL, `version` integer NOT NULL, `payload` json NULL, `created_at` datetime NOT NULL, `dispatched_at` datetime NULL, PRIMARY KEY (`id`));
-- create index "outboxmessage_object_id_version" to table: "outbox_messages"
CREATE UNIQUE INDEX `outboxmessage_object_id_version` ON `outbox_messages` (`object_id`, `version`);
-- create index "outboxmessage_dispatched_at_id" to table: "outbox_messages"
CREATE INDEX `outboxmessage_dispatched_at_id` ON `outbox_messages` (`dispatched_at`, `id`);
-- create "prices" table
CREATE TABLE `prices` (`id` uuid NOT NULL, `merchant_id` uuid NOT NULL, `amount_minor` integer NOT NULL, `currency` text NOT NULL, `interval` text NULL, `trial` text NULL, `active` bool NOT NULL DEFAULT (true), `created_at` datetime NOT NULL, `product_id` uuid NOT NULL, PRIMARY KEY (`id`), CONSTRAINT `prices_products_prices` FOREIGN KEY (`product_id`) REFERENCES `products` (`id`) ON DELETE NO ACTION, CONSTRAINT `prices_amount` CHECK (amount_minor > 0));
-- create index "price_product_id" to table: "prices"
CREATE INDEX `price_product_id` ON `prices` (`product_id`);
-- create "products" table
CREATE TABLE `products` (`id` uuid NOT NULL, `merchant_id` uuid NOT NULL, `code` text NOT NULL, `kind` text NOT NULL, `title` text NOT NULL, `description` text NULL, `active` bool NOT NULL DEFAULT (true), `grant_resources` json NULL, `grant_pages` text NULL, `grant_duration` text NULL, `refund_policy` text NOT NULL DEFAULT ('REVOKE'), `created_at` datetime NOT NULL, `updated_at` datetime NOT NULL, `gift_of_id` uuid NULL, PRIMARY KEY (`id`), CONSTRAINT `products_products_gifts` FOREIGN KEY (`gift_of_id`) REFERENCES `products` (`id`) ON DELETE SET NULL, CONSTRAINT `products_kind` CHECK (kind IN ('DIRECT', 'SUBSCRIPTION', 'GIFT', 'TOP_UP')), CONSTRAINT `products_refund_policy` CHECK (refund_policy IN ('REVOKE', 'KEEP')));
-- create index "product_merchant_id_code" to table: "products"
CREATE UNIQUE INDEX `product_merchant_id_code` ON `products` (`merchant_id`, `code`);
-- create "provider_events" table
CREATE TABLE `provider_events` (`id` uuid NOT NULL, `merchant_id` uuid NOT NULL, `account` text NOT NULL, `event_key` text NOT NULL, `kind` text NOT NULL DEFAULT (''), `order_number` text NOT NULL DEFAULT (''), `hint` bool NOT NULL, `body` blob NOT NULL, `received_at` datetime NOT NULL, `processed_at` datetime NULL, `outcome` text NULL, PRIMARY KEY (`id`));
-- create index "providerevent_account_event_key" to table: "provider_events"
CREATE UNIQUE INDEX `providerevent_account_event_key` ON `provider_events` (`account`, `event_key`);
-- create index "providerevent_account_order_number" to table: "provider_events"
CREATE INDEX `providerevent_account_order_number` ON `provider_events` (`account`, `order_number`);
-- create "review_cases" table
CREATE TABLE `review_cases` (`id` uuid NOT NULL, `merchant_id` uuid NOT NULL, `key` text NOT NULL, `reason` text NOT NULL, `account` text NULL, `amount_minor` integer NULL, `currency` text NULL, `details` text NOT NULL, `resolution` text NULL, `note` text NULL, `resolved_by` text NULL, `opened_at` datetime NOT NULL, `resolved_at` datetime NULL, `bill_id` uuid NULL, `attempt_id` uuid NULL, PRIMARY KEY (`id`), CONSTRAINT `review_cases_bills_reviews` FOREIGN KEY (`bill_id`) REFERENCES `bills` (`id`) ON DELETE SET NULL, CONSTRAINT `review_cases_attempts_attempt` FOREIGN KEY (`attempt_id`) REFERENCES `attempts` (`id`) ON DELETE SET NULL, CONSTRAINT `review_cases_reason` CHECK (reason IN ('AMOUNT_MISMATCH', 'CURRENCY_MISMATCH', 'DUPLICATE_PAYMENT', 'LATE_PAYMENT', 'IN_DOUBT', 'PROVIDER_DISAGREES', 'FULFILMENT_FAILED', 'CHARGEBACK', 'MODERATION', 'UNMATCHED_PAYMENT')), CONSTRAINT `review_cases_resolution` CHECK (resolution IS NULL OR resolution IN ('FULFIL', 'REFUND_EXCESS', 'REFUND_ALL', 'RETRY_FULFILMENT', 'DISMISS')), CONSTRAINT `review_cases_resolved` CHECK (resolution IS NULL AND resolved_at IS NULL OR resolution IS NOT NULL AND resolved_at IS NOT NULL));
-- create index "reviewcase_key" to table: "review_cases"
CREATE UNIQUE INDEX `reviewcase_key` ON `review_cases` (`key`);
-- create index "reviewcase_merchant_id_resolved_at_id" to table: "review_cases"
CREATE INDEX `reviewcase_merchant_id_resolved_at_id` ON `review_cases` (`merchant_id`, `resolved_at`, `id`);
-- create index "reviewcase_bill_id" to table: "review_cases"
CREATE INDEX `reviewcase_bill_id` ON `review_cases` (`bill_id`);
-- create "settings" table
CREATE TABLE `settings` (`id` text NOT NULL, `value` blob NOT NULL, `created_at` datetime NOT NULL, PRIMARY KEY (`id`));
-- create "users" table
CREATE TABLE `users` (`id` uuid NOT NULL, `merchant_id` uuid NOT NULL, `external_id` text NOT NULL, `email` text NULL, `phone` text NULL, `name` text NULL, `locale` text NULL, `created_at` datetime NOT NULL, `updated_at` datetime NOT NULL, PRIMARY KEY (`id`));
-- create index "user_merchant_id_external_id" to table: "users"
CREATE UNIQUE INDEX `user_merchant_id_external_id` ON `users` (`merchant_id`, `external_id`);
-- create index "user_merchant_id_id" to table: "users"
CREATE INDEX `user_merchant_id_id` ON `users` (`merchant_id`, `id`);
-- create index "user_merchant_id_email" to table: "users"
CREATE INDEX `user_merchant_id_email` ON `users` (`merchant_id`, `email`);
-- create "wallets" table
CREATE TABLE `wallets` (`id` uuid NOT NULL, `merchant_id` uuid NOT NULL, `currency` text NOT NULL, `available_minor` integer NOT NULL DEFAULT (0), `held_minor` integer NOT NULL DEFAULT (0), `created_at` datetime NOT NULL, `user_id` uuid NOT NULL, PRIMARY KEY (`id`), CONSTRAINT `wallets_users_wallets` FOREIGN KEY (`user_id`) REFERENCES `users` (`id`) ON DELETE NO ACTION, CONSTRAINT `wallets_available` CHECK (available_minor >= 0), CONSTRAINT `wallets_held` CHECK (held_minor >= 0));
-- create index "wallet_user_id_currency" to table: "wallets"
CREATE UNIQUE INDEX `wallet_user_id_currency` ON `wallets` (`user_id`, `currency`);

-- +goose Down
-- reverse: create index "wallet_user_id_currency" to table: "wallets"
DROP INDEX `wallet_user_id_currency`;
-- reverse: create "wallets" table
DROP TABLE `wallets`;
-- reverse: create index "user_merchant_id_email" to table: "users"
DROP INDEX `user_merchant_id_email`;
-- reverse: create index "user_merchant_id_id" to table: "users"
DROP INDEX `user_merchant_id_id`;
-- reverse: create index "user_merchant_id_external_id" to table: "users"
DROP INDEX `user_merchant_id_external_id`;
-- reverse: create "users" table
DROP TABLE `users`;
-- reverse: create "settings" table
DROP TABLE `settings`;
-- reverse: create index "reviewcase_bill_id" to table: "review_cases"
DROP INDEX `reviewcase_bill_id`;
-- reverse: create index "reviewcase_merchant_id_resolved_at_id" to table: "review_cases"
DROP INDEX `reviewcase_merchant_id_resolved_at_id`;
-- reverse: create index "reviewcase_key" to table: "review_cases"
DROP INDEX `reviewcase_key`;
-- reverse: create "review_cases" table
DROP TABLE `review_cases`;
-- reverse: create index "providerevent_account_order_number" to table: "provider_events"
DROP INDEX `providerevent_account_order_number`;
-- reverse: create index "providerevent_account_event_key" to table: "provider_events"
DROP INDEX `providerevent_account_event_key`;
-- reverse: create "provider_events" table
DROP TABLE `provider_events`;
-- reverse: create index "product_merchant_id_code" to table: "products"
DROP INDEX `product_merchant_id_code`;
-- reverse: create "products" table
DROP TABLE `products`;
-- reverse: create index "price_product_id" to table: "prices"
DROP INDEX `price_product_id`;
-- reverse: create "prices" table
DROP TABLE `prices`;
-- reverse: create index "outboxmessage_dispatched_at_id" to table: "outbox_messages"
DROP INDEX `outboxmessage_dispatched_at_id`;
-- reverse: create index "outboxmessage_object_id_version" to table: "outbox_messages"
DROP INDEX `outboxmessage_object_id_version`;
-- reverse: create "outbox_messages" table
DROP TABLE `outbox_messages`;
-- reverse: create index "origin_merchant_id_origin" to table: "origins"
DROP INDEX `origin_merchant_id_origin`;
-- reverse: create "origins" table
DROP TABLE `origins`;
-- reverse: create index "operation_status_created_at" to table: "operations"
DROP INDEX `operation_status_created_at`;
-- reverse: create index "operation_attempt_id_id" to table: "operations"
DROP INDEX `operation_attempt_id_id`;
-- reverse: create index "operations_one_open" to table: "operations"
DROP INDEX `operations_one_open`;
-- reverse: create "operations" table
DROP TABLE `operations`;
-- reverse: create index "merchant_code" to table: "merchants"
DROP INDEX `merchant_code`;
-- reverse: create "merchants" table
DROP TABLE `merchants`;
-- reverse: create index "ledgerentry_bill_id" to table: "ledger_entries"
DROP INDEX `ledgerentry_bill_id`;
-- reverse: create index "ledgerentry_wallet_id_id" to table: "ledger_entries"
DROP INDEX `ledgerentry_wallet_id_id`;
-- reverse: create index "ledgerentry_account_id_id" to table: "ledger_entries"
DROP INDEX `ledgerentry_account_id_id`;
-- reverse: create index "ledgerentry_transfer_leg" to table: "ledger_entries"
DROP INDEX `ledgerentry_transfer_leg`;
-- reverse: create "ledger_entries" table
DROP TABLE `ledger_entries`;
-- reverse: create index "ledgeraccount_merchant_id_kind_currency_owner" to table: "ledger_accounts"
DROP INDEX `ledgeraccount_merchant_id_kind_currency_owner`;
-- reverse: create "ledger_accounts" table
DROP TABLE `ledger_accounts`;
-- reverse: create index "job_priority_run_at" to table: "jobs"
DROP INDEX `job_priority_run_at`;
-- reverse: create index "job_run_at" to table: "jobs"
DROP INDEX `job_run_at`;
-- reverse: create index "job_kind_key" to table: "jobs"
DROP INDEX `job_kind_key`;
-- reverse: create "jobs" table
DROP TABLE `jobs`;
-- reverse: create index "idempotencyrecord_created_at" to table: "idempotency_records"
DROP INDEX `idempotencyrecord_created_at`;
-- reverse: create index "idempotencyrecord_merchant_id_principal_mutation_key" to table: "idempotency_records"
DROP INDEX `idempotencyrecord_merchant_id_principal_mutation_key`;
-- reverse: create "idempotency_records" table
DROP TABLE `idempotency_records`;
-- reverse: create index "entitlement_user_id_id" to table: "entitlements"
DROP INDEX `entitlement_user_id_id`;
-- reverse: create index "entitlement_bill_id_kind_resource" to table: "entitlements"
DROP INDEX `entitlement_bill_id_kind_resource`;
-- reverse: create "entitlements" table
DROP TABLE `entitlements`;
-- reverse: create index "billline_bill_id_position" to table: "bill_lines"
DROP INDEX `billline_bill_id_position`;
-- reverse: create "bill_lines" table
DROP TABLE `bill_lines`;
-- reverse: create index "billevent_user_id_txid_id" to table: "bill_events"
DROP INDEX `billevent_user_id_txid_id`;
-- reverse: create index "billevent_merchant_id_txid_id" to table: "bill_events"
DROP INDEX `billevent_merchant_id_txid_id`;
-- reverse: create index "billevent_txid_id" to table: "bill_events"
DROP INDEX `billevent_txid_id`;
-- reverse: create index "billevent_bill_id_version" to table: "bill_events"
DROP INDEX `billevent_bill_id_version`;
-- reverse: create "bill_events" table
DROP TABLE `bill_events`;
-- reverse: create index "bill_product_id_id" to table: "bills"
DROP INDEX `bill_product_id_id`;
-- reverse: create index "bill_user_id_id" to table: "bills"
DROP INDEX `bill_user_id_id`;
-- reverse: create index "bill_merchant_id_email" to table: "bills"
DROP INDEX `bill_merchant_id_email`;
-- reverse: create index "bill_merchant_id_expires_at_id" to table: "bills"
DROP INDEX `bill_merchant_id_expires_at_id`;
-- reverse: create index "bill_merchant_id_total_minor_id" to table: "bills"
DROP INDEX `bill_merchant_id_total_minor_id`;
-- reverse: create index "bill_merchant_id_updated_at_id" to table: "bills"
DROP INDEX `bill_merchant_id_updated_at_id`;
-- reverse: create index "bill_merchant_id_status_id" to table: "bills"
DROP INDEX `bill_merchant_id_status_id`;
-- reverse: create index "bill_merchant_id_id" to table: "bills"
DROP INDEX `bill_merchant_id_id`;
-- reverse: create index "bill_merchant_id_reference" to table: "bills"
DROP INDEX `bill_merchant_id_reference`;
-- reverse: create "bills" table
DROP TABLE `bills`;
-- reverse: create index "attempt_status_watch_until" to table: "attempts"
DROP INDEX `attempt_status_watch_until`;
-- reverse: create index "attempt_merchant_id_provider_ref" to table: "attempts"
DROP INDEX `attempt_merchant_id_provider_ref`;
-- reverse: create index "attempt_bill_id_id" to table: "attempts"
DROP INDEX `attempt_bill_id_id`;
-- reverse: create index "attempts_one_current" to table: "attempts"
DROP INDEX `attempts_one_current`;
-- reverse: create index "attempt_account_order_number" to table: "attempts"
DROP INDEX `attempt_account_order_number`;
-- reverse: create "attempts" table
DROP TABLE `attempts`;
-- reverse: create index "apikey_merchant_id" to table: "api_keys"
DROP INDEX `apikey_merchant_id`;
-- reverse: create index "apikey_hash" to table: "api_keys"
DROP INDEX `apikey_hash`;
-- reverse: create "api_keys" table
DROP TABLE `api_keys`;
