-- +goose Up
-- create "settings" table
CREATE TABLE "settings" ("id" character varying NOT NULL, "value" bytea NOT NULL, "created_at" timestamptz NOT NULL, PRIMARY KEY ("id"));
-- create "api_keys" table
CREATE TABLE "api_keys" ("id" uuid NOT NULL, "merchant_id" uuid NOT NULL, "role" character varying NOT NULL, "hash" bytea NOT NULL, "hint" character varying NOT NULL, "created_at" timestamptz NOT NULL, "revoked_at" timestamptz NULL, PRIMARY KEY ("id"), CONSTRAINT "api_keys_role" CHECK (role IN ('PUBLIC', 'SERVER')));
-- create index "apikey_hash" to table: "api_keys"
CREATE UNIQUE INDEX "apikey_hash" ON "api_keys" ("hash");
-- create index "apikey_merchant_id" to table: "api_keys"
CREATE INDEX "apikey_merchant_id" ON "api_keys" ("merchant_id");
-- create "idempotency_records" table
CREATE TABLE "idempotency_records" ("id" uuid NOT NULL, "merchant_id" uuid NOT NULL, "principal" character varying NOT NULL, "mutation" character varying NOT NULL, "key" character varying NOT NULL, "input_hash" bytea NOT NULL, "object_id" character varying NOT NULL DEFAULT '', "errors" json NULL, "lease_until" timestamptz NULL, "finished_at" timestamptz NULL, "created_at" timestamptz NOT NULL, PRIMARY KEY ("id"), CONSTRAINT "idempotency_records_state" CHECK (lease_until IS NULL AND finished_at IS NOT NULL OR lease_until IS NOT NULL AND finished_at IS NULL));
-- create index "idempotencyrecord_merchant_id_principal_mutation_key" to table: "idempotency_records"
CREATE UNIQUE INDEX "idempotencyrecord_merchant_id_principal_mutation_key" ON "idempotency_records" ("merchant_id", "principal", "mutation", "key");
-- create index "idempotencyrecord_created_at" to table: "idempotency_records"
CREATE INDEX "idempotencyrecord_created_at" ON "idempotency_records" ("created_at");
-- create "jobs" table
CREATE TABLE "jobs" ("id" uuid NOT NULL, "kind" character varying NOT NULL, "key" character varying NOT NULL, "payload" json NULL, "priority" bigint NOT NULL DEFAULT 0, "run_at" timestamptz NOT NULL, "rerun_at" timestamptz NULL, "tries" bigint NOT NULL DEFAULT 0, "fence" bigint NOT NULL DEFAULT 0, "lease_until" timestamptz NULL, "parked_at" timestamptz NULL, "last_error" character varying NULL, "created_at" timestamptz NOT NULL, PRIMARY KEY ("id"), CONSTRAINT "jobs_parked" CHECK (parked_at IS NULL OR lease_until IS NULL));
-- create index "job_kind_key" to table: "jobs"
CREATE UNIQUE INDEX "job_kind_key" ON "jobs" ("kind", "key");
-- create index "job_run_at" to table: "jobs"
CREATE INDEX "job_run_at" ON "jobs" ("run_at") WHERE parked_at IS NULL;
-- create index "job_priority_run_at" to table: "jobs"
CREATE INDEX "job_priority_run_at" ON "jobs" ("priority", "run_at");
-- create "outbox_messages" table
CREATE TABLE "outbox_messages" ("id" uuid NOT NULL, "merchant_id" uuid NOT NULL, "topic" character varying NOT NULL, "object_id" character varying NOT NULL, "version" bigint NOT NULL, "payload" json NULL, "created_at" timestamptz NOT NULL, "dispatched_at" timestamptz NULL, PRIMARY KEY ("id"));
-- create index "outboxmessage_object_id_version" to table: "outbox_messages"
CREATE UNIQUE INDEX "outboxmessage_object_id_version" ON "outbox_messages" ("object_id", "version");
-- create index "outboxmessage_dispatched_at_id" to table: "outbox_messages"
CREATE INDEX "outboxmessage_dispatched_at_id" ON "outbox_messages" ("dispatched_at", "id");
-- create "provider_events" table
CREATE TABLE "provider_events" ("id" uuid NOT NULL, "merchant_id" uuid NOT NULL, "account" character varying NOT NULL, "event_key" character varying NOT NULL, "kind" character varying NOT NULL DEFAULT '', "order_number" character varying NOT NULL DEFAULT '', "hint" boolean NOT NULL, "body" bytea NOT NULL, "received_at" timestamptz NOT NULL, "processed_at" timestamptz NULL, "outcome" character varying NULL, PRIMARY KEY ("id"));
-- create index "providerevent_account_event_key" to table: "provider_events"
CREATE UNIQUE INDEX "providerevent_account_event_key" ON "provider_events" ("account", "event_key");
-- create index "providerevent_account_order_number" to table: "provider_events"
CREATE INDEX "providerevent_account_order_number" ON "provider_events" ("account", "order_number");
-- create "products" table
CREATE TABLE "products" ("id" uuid NOT NULL, "merchant_id" uuid NOT NULL, "code" character varying NOT NULL, "kind" character varying NOT NULL, "title" character varying NOT NULL, "description" character varying NULL, "active" boolean NOT NULL DEFAULT true, "grant_resources" jsonb NULL, "grant_pages" character varying NULL, "grant_duration" character varying NULL, "refund_policy" character varying NOT NULL DEFAULT 'REVOKE', "created_at" timestamptz NOT NULL, "updated_at" timestamptz NOT NULL, "gift_of_id" uuid NULL, PRIMARY KEY ("id"), CONSTRAINT "products_products_gifts" FOREIGN KEY ("gift_of_id") REFERENCES "products" ("id") ON DELETE SET NULL, CONSTRAINT "products_kind" CHECK (kind IN ('DIRECT', 'SUBSCRIPTION', 'GIFT', 'TOP_UP')), CONSTRAINT "products_refund_policy" CHECK (refund_policy IN ('REVOKE', 'KEEP')));
-- create index "product_merchant_id_code" to table: "products"
CREATE UNIQUE INDEX "product_merchant_id_code" ON "products" ("merchant_id", "code");
-- create "prices" table
CREATE TABLE "prices" ("id" uuid NOT NULL, "merchant_id" uuid NOT NULL, "amount_minor" bigint NOT NULL, "currency" character varying NOT NULL, "interval" character varying NULL, "trial" character varying NULL, "active" boolean NOT NULL DEFAULT true, "created_at" timestamptz NOT NULL, "product_id" uuid NOT NULL, PRIMARY KEY ("id"), CONSTRAINT "prices_products_prices" FOREIGN KEY ("product_id") REFERENCES "products" ("id") ON DELETE NO ACTION, CONSTRAINT "prices_amount" CHECK (amount_minor > 0));
-- create index "price_product_id" to table: "prices"
CREATE INDEX "price_product_id" ON "prices" ("product_id");
-- create "users" table
CREATE TABLE "users" ("id" uuid NOT NULL, "merchant_id" uuid NOT NULL, "external_id" character varying NOT NULL, "email" character varying NULL, "phone" character varying NULL, "name" character varying NULL, "locale" character varying NULL, "created_at" timestamptz NOT NULL, "updated_at" timestamptz NOT NULL, PRIMARY KEY ("id"));
-- create index "user_merchant_id_external_id" to table: "users"
CREATE UNIQUE INDEX "user_merchant_id_external_id" ON "users" ("merchant_id", "external_id");
-- create index "user_merchant_id_id" to table: "users"
CREATE INDEX "user_merchant_id_id" ON "users" ("merchant_id", "id");
-- create index "user_merchant_id_email" to table: "users"
CREATE INDEX "user_merchant_id_email" ON "users" ("merchant_id", "email");
-- create "bills" table
CREATE TABLE "bills" ("id" uuid NOT NULL, "merchant_id" uuid NOT NULL, "status" character varying NOT NULL, "currency" character varying NOT NULL, "total_minor" bigint NOT NULL, "paid_minor" bigint NOT NULL DEFAULT 0, "refunded_minor" bigint NOT NULL DEFAULT 0, "email" character varying NULL, "page_id" character varying NULL, "reference" character varying NULL, "locale" character varying NULL, "return_url" character varying NULL, "metadata" json NULL, "version" bigint NOT NULL, "token_version" bigint NOT NULL DEFAULT 1, "paid_at" timestamptz NULL, "expires_at" timestamptz NOT NULL, "created_at" timestamptz NOT NULL, "updated_at" timestamptz NOT NULL, "product_id" uuid NULL, "price_id" uuid NULL, "user_id" uuid NULL, PRIMARY KEY ("id"), CONSTRAINT "bills_products_product" FOREIGN KEY ("product_id") REFERENCES "products" ("id") ON DELETE SET NULL, CONSTRAINT "bills_prices_price" FOREIGN KEY ("price_id") REFERENCES "prices" ("id") ON DELETE SET NULL, CONSTRAINT "bills_users_bills" FOREIGN KEY ("user_id") REFERENCES "users" ("id") ON DELETE SET NULL, CONSTRAINT "bills_paid" CHECK (paid_minor >= 0), CONSTRAINT "bills_refunded" CHECK (refunded_minor >= 0 AND refunded_minor <= paid_minor), CONSTRAINT "bills_status" CHECK (status IN ('PENDING', 'AUTHORIZED', 'PAID', 'DONE', 'AMOUNT_MISMATCH', 'FAILED', 'EXPIRED', 'CANCELED', 'REFUNDED')), CONSTRAINT "bills_total" CHECK (total_minor > 0 AND total_minor <= 9007199254740991), CONSTRAINT "bills_version" CHECK (version >= 1));
-- create index "bill_merchant_id_reference" to table: "bills"
CREATE UNIQUE INDEX "bill_merchant_id_reference" ON "bills" ("merchant_id", "reference");
-- create index "bill_merchant_id_id" to table: "bills"
CREATE INDEX "bill_merchant_id_id" ON "bills" ("merchant_id", "id");
-- create index "bill_merchant_id_status_id" to table: "bills"
CREATE INDEX "bill_merchant_id_status_id" ON "bills" ("merchant_id", "status", "id");
-- create index "bill_merchant_id_updated_at_id" to table: "bills"
CREATE INDEX "bill_merchant_id_updated_at_id" ON "bills" ("merchant_id", "updated_at", "id");
-- create index "bill_merchant_id_total_minor_id" to table: "bills"
CREATE INDEX "bill_merchant_id_total_minor_id" ON "bills" ("merchant_id", "total_minor", "id");
-- create index "bill_merchant_id_expires_at_id" to table: "bills"
CREATE INDEX "bill_merchant_id_expires_at_id" ON "bills" ("merchant_id", "expires_at", "id");
-- create index "bill_merchant_id_email" to table: "bills"
CREATE INDEX "bill_merchant_id_email" ON "bills" ("merchant_id", "email");
-- create index "bill_user_id_id" to table: "bills"
CREATE INDEX "bill_user_id_id" ON "bills" ("user_id", "id");
-- create index "bill_product_id_id" to table: "bills"
CREATE INDEX "bill_product_id_id" ON "bills" ("product_id", "id");
-- create "attempts" table
CREATE TABLE "attempts" ("id" uuid NOT NULL, "merchant_id" uuid NOT NULL, "provider" character varying NOT NULL, "account" character varying NOT NULL, "order_number" character varying NOT NULL, "method_kind" character varying NOT NULL DEFAULT 'CARD', "status" character varying NOT NULL, "current" boolean NOT NULL, "test_mode" boolean NOT NULL, "currency" character varying NOT NULL, "amount_minor" bigint NOT NULL, "fee_minor" bigint NOT NULL DEFAULT 0, "authorized_minor" bigint NOT NULL DEFAULT 0, "captured_minor" bigint NOT NULL DEFAULT 0, "provider_ref" character varying NULL, "provider_status" character varying NULL, "redirect_url" character varying NULL, "redirect_method" character varying NULL, "redirect_fields" jsonb NULL, "return_url" character varying NULL, "session_ends_at" timestamptz NULL, "watch_until" timestamptz NOT NULL, "asked_at" timestamptz NULL, "doubt_since" timestamptz NULL, "card_brand" character varying NULL, "card_mask" character varying NULL, "decline_code" character varying NULL, "decline_provider_code" character varying NULL, "decline_message" character varying NULL, "decline_retry" character varying NULL, "created_at" timestamptz NOT NULL, "updated_at" timestamptz NOT NULL, "resolved_at" timestamptz NULL, "bill_id" uuid NOT NULL, PRIMARY KEY ("id"), CONSTRAINT "attempts_bills_attempts" FOREIGN KEY ("bill_id") REFERENCES "bills" ("id") ON DELETE NO ACTION, CONSTRAINT "attempts_amount" CHECK (amount_minor > 0), CONSTRAINT "attempts_captured" CHECK (captured_minor >= 0 AND authorized_minor >= 0 AND fee_minor >= 0), CONSTRAINT "attempts_method" CHECK (method_kind IN ('CARD', 'WALLET', 'TELEGRAM', 'OTHER')), CONSTRAINT "attempts_status" CHECK (status IN ('CREATED', 'SENT', 'ACTION_REQUIRED', 'AUTHORIZED', 'CAPTURED', 'DECLINED', 'FAILED', 'VOIDED', 'EXPIRED', 'UNKNOWN')));
-- create index "attempt_account_order_number" to table: "attempts"
CREATE UNIQUE INDEX "attempt_account_order_number" ON "attempts" ("account", "order_number");
-- create index "attempts_one_current" to table: "attempts"
CREATE UNIQUE INDEX "attempts_one_current" ON "attempts" ("bill_id") WHERE current;
-- create index "attempt_bill_id_id" to table: "attempts"
CREATE INDEX "attempt_bill_id_id" ON "attempts" ("bill_id", "id");
-- create index "attempt_merchant_id_provider_ref" to table: "attempts"
CREATE INDEX "attempt_merchant_id_provider_ref" ON "attempts" ("merchant_id", "provider_ref");
-- create index "attempt_status_watch_until" to table: "attempts"
CREATE INDEX "attempt_status_watch_until" ON "attempts" ("status", "watch_until");
-- create "bill_events" table
CREATE TABLE "bill_events" ("id" bigint NOT NULL GENERATED BY DEFAULT AS IDENTITY, "merchant_id" uuid NOT NULL, "user_id" uuid NULL, "version" bigint NOT NULL, "from" character varying NULL, "to" character varying NOT NULL, "reason" character varying NOT NULL, "actor" character varying NULL, "note" character varying NULL, "at" timestamptz NOT NULL, "txid" bigint NULL DEFAULT (pg_current_xact_id()::text::bigint), "bill_id" uuid NOT NULL, PRIMARY KEY ("id"), CONSTRAINT "bill_events_bills_events" FOREIGN KEY ("bill_id") REFERENCES "bills" ("id") ON DELETE NO ACTION, CONSTRAINT "bill_events_from" CHECK ("from" IS NULL OR "from" IN ('PENDING', 'AUTHORIZED', 'PAID', 'DONE', 'AMOUNT_MISMATCH', 'FAILED', 'EXPIRED', 'CANCELED', 'REFUNDED')), CONSTRAINT "bill_events_to" CHECK ("to" IN ('PENDING', 'AUTHORIZED', 'PAID', 'DONE', 'AMOUNT_MISMATCH', 'FAILED', 'EXPIRED', 'CANCELED', 'REFUNDED')));
-- create index "billevent_bill_id_version" to table: "bill_events"
CREATE UNIQUE INDEX "billevent_bill_id_version" ON "bill_events" ("bill_id", "version");
-- create index "billevent_txid_id" to table: "bill_events"
CREATE INDEX "billevent_txid_id" ON "bill_events" ("txid", "id");
-- create index "billevent_merchant_id_txid_id" to table: "bill_events"
CREATE INDEX "billevent_merchant_id_txid_id" ON "bill_events" ("merchant_id", "txid", "id");
-- create index "billevent_user_id_txid_id" to table: "bill_events"
CREATE INDEX "billevent_user_id_txid_id" ON "bill_events" ("user_id", "txid", "id");
-- create "bill_lines" table
CREATE TABLE "bill_lines" ("id" uuid NOT NULL, "position" bigint NOT NULL, "title" character varying NOT NULL, "quantity" bigint NOT NULL, "unit_minor" bigint NOT NULL, "currency" character varying NOT NULL, "tax" character varying NULL, "bill_id" uuid NOT NULL, PRIMARY KEY ("id"), CONSTRAINT "bill_lines_bills_lines" FOREIGN KEY ("bill_id") REFERENCES "bills" ("id") ON DELETE NO ACTION, CONSTRAINT "bill_lines_quantity" CHECK (quantity > 0), CONSTRAINT "bill_lines_unit" CHECK (unit_minor > 0));
-- create index "billline_bill_id_position" to table: "bill_lines"
CREATE UNIQUE INDEX "billline_bill_id_position" ON "bill_lines" ("bill_id", "position");
-- create "entitlements" table
CREATE TABLE "entitlements" ("id" uuid NOT NULL, "merchant_id" uuid NOT NULL, "kind" character varying NOT NULL, "resource" character varying NOT NULL DEFAULT '', "granted_at" timestamptz NOT NULL, "expires_at" timestamptz NULL, "revoked_at" timestamptz NULL, "bill_id" uuid NOT NULL, "user_id" uuid NULL, PRIMARY KEY ("id"), CONSTRAINT "entitlements_bills_entitlements" FOREIGN KEY ("bill_id") REFERENCES "bills" ("id") ON DELETE NO ACTION, CONSTRAINT "entitlements_users_entitlements" FOREIGN KEY ("user_id") REFERENCES "users" ("id") ON DELETE SET NULL);
-- create index "entitlement_bill_id_kind_resource" to table: "entitlements"
CREATE UNIQUE INDEX "entitlement_bill_id_kind_resource" ON "entitlements" ("bill_id", "kind", "resource");
-- create index "entitlement_user_id_id" to table: "entitlements"
CREATE INDEX "entitlement_user_id_id" ON "entitlements" ("user_id", "id");
-- create "ledger_accounts" table
CREATE TABLE "ledger_accounts" ("id" uuid NOT NULL, "merchant_id" uuid NOT NULL, "kind" character varying NOT NULL, "currency" character varying NOT NULL, "owner" character varying NOT NULL DEFAULT '', "created_at" timestamptz NOT NULL, PRIMARY KEY ("id"), CONSTRAINT "ledger_accounts_kind" CHECK (kind IN ('CLEARING', 'SALES', 'SUSPENSE', 'REFUNDS', 'FEES', 'RECEIVABLE', 'WALLET_AVAILABLE', 'WALLET_HELD')));
-- create index "ledgeraccount_merchant_id_kind_currency_owner" to table: "ledger_accounts"
CREATE UNIQUE INDEX "ledgeraccount_merchant_id_kind_currency_owner" ON "ledger_accounts" ("merchant_id", "kind", "currency", "owner");
-- create "wallets" table
CREATE TABLE "wallets" ("id" uuid NOT NULL, "merchant_id" uuid NOT NULL, "currency" character varying NOT NULL, "available_minor" bigint NOT NULL DEFAULT 0, "held_minor" bigint NOT NULL DEFAULT 0, "created_at" timestamptz NOT NULL, "user_id" uuid NOT NULL, PRIMARY KEY ("id"), CONSTRAINT "wallets_users_wallets" FOREIGN KEY ("user_id") REFERENCES "users" ("id") ON DELETE NO ACTION, CONSTRAINT "wallets_available" CHECK (available_minor >= 0), CONSTRAINT "wallets_held" CHECK (held_minor >= 0));
-- create index "wallet_user_id_currency" to table: "wallets"
CREATE UNIQUE INDEX "wallet_user_id_currency" ON "wallets" ("user_id", "currency");
-- create "ledger_entries" table
CREATE TABLE "ledger_entries" ("id" uuid NOT NULL, "merchant_id" uuid NOT NULL, "transfer" character varying NOT NULL, "leg" bigint NOT NULL, "kind" character varying NOT NULL, "amount_minor" bigint NOT NULL, "currency" character varying NOT NULL, "balance_after_minor" bigint NULL, "created_at" timestamptz NOT NULL, "account_id" uuid NOT NULL, "bill_id" uuid NULL, "wallet_id" uuid NULL, PRIMARY KEY ("id"), CONSTRAINT "ledger_entries_ledger_accounts_account" FOREIGN KEY ("account_id") REFERENCES "ledger_accounts" ("id") ON DELETE NO ACTION, CONSTRAINT "ledger_entries_bills_bill" FOREIGN KEY ("bill_id") REFERENCES "bills" ("id") ON DELETE SET NULL, CONSTRAINT "ledger_entries_wallets_wallet" FOREIGN KEY ("wallet_id") REFERENCES "wallets" ("id") ON DELETE SET NULL, CONSTRAINT "ledger_entries_amount" CHECK (amount_minor <> 0), CONSTRAINT "ledger_entries_kind" CHECK (kind IN ('TOP_UP', 'PURCHASE', 'REFUND', 'GIFT', 'HOLD', 'RELEASE', 'ADJUSTMENT')));
-- create index "ledgerentry_transfer_leg" to table: "ledger_entries"
CREATE UNIQUE INDEX "ledgerentry_transfer_leg" ON "ledger_entries" ("transfer", "leg");
-- create index "ledgerentry_account_id_id" to table: "ledger_entries"
CREATE INDEX "ledgerentry_account_id_id" ON "ledger_entries" ("account_id", "id");
-- create index "ledgerentry_wallet_id_id" to table: "ledger_entries"
CREATE INDEX "ledgerentry_wallet_id_id" ON "ledger_entries" ("wallet_id", "id");
-- create index "ledgerentry_bill_id" to table: "ledger_entries"
CREATE INDEX "ledgerentry_bill_id" ON "ledger_entries" ("bill_id");
-- create "operations" table
CREATE TABLE "operations" ("id" uuid NOT NULL, "kind" character varying NOT NULL, "status" character varying NOT NULL, "amount_minor" bigint NOT NULL, "currency" character varying NOT NULL, "actor" character varying NULL, "error_kind" character varying NULL, "error_code" character varying NULL, "created_at" timestamptz NOT NULL, "resolved_at" timestamptz NULL, "attempt_id" uuid NOT NULL, PRIMARY KEY ("id"), CONSTRAINT "operations_attempts_operations" FOREIGN KEY ("attempt_id") REFERENCES "attempts" ("id") ON DELETE NO ACTION, CONSTRAINT "operations_kind" CHECK (kind IN ('START', 'CHARGE', 'CAPTURE', 'VOID', 'REFUND')), CONSTRAINT "operations_status" CHECK (status IN ('CREATED', 'SUCCEEDED', 'DECLINED', 'FAILED', 'UNKNOWN')));
-- create index "operations_one_open" to table: "operations"
CREATE UNIQUE INDEX "operations_one_open" ON "operations" ("attempt_id") WHERE resolved_at IS NULL;
-- create index "operation_attempt_id_id" to table: "operations"
CREATE INDEX "operation_attempt_id_id" ON "operations" ("attempt_id", "id");
-- create index "operation_status_created_at" to table: "operations"
CREATE INDEX "operation_status_created_at" ON "operations" ("status", "created_at");
-- create "merchants" table
CREATE TABLE "merchants" ("id" uuid NOT NULL, "code" character varying NOT NULL, "name" character varying NOT NULL, "test_mode" boolean NOT NULL, "time_zone" character varying NOT NULL DEFAULT 'UTC', "default_provider" character varying NULL, "created_at" timestamptz NOT NULL, PRIMARY KEY ("id"));
-- create index "merchant_code" to table: "merchants"
CREATE UNIQUE INDEX "merchant_code" ON "merchants" ("code");
-- create "origins" table
CREATE TABLE "origins" ("id" bigint NOT NULL GENERATED BY DEFAULT AS IDENTITY, "origin" character varying NOT NULL, "created_at" timestamptz NOT NULL, "merchant_id" uuid NOT NULL, PRIMARY KEY ("id"), CONSTRAINT "origins_merchants_origins" FOREIGN KEY ("merchant_id") REFERENCES "merchants" ("id") ON DELETE NO ACTION);
-- create index "origin_merchant_id_origin" to table: "origins"
CREATE UNIQUE INDEX "origin_merchant_id_origin" ON "origins" ("merchant_id", "origin");
-- create "review_cases" table
CREATE TABLE "review_cases" ("id" uuid NOT NULL, "merchant_id" uuid NOT NULL, "key" character varying NOT NULL, "reason" character varying NOT NULL, "account" character varying NULL, "amount_minor" bigint NULL, "currency" character varying NULL, "details" character varying NOT NULL, "resolution" character varying NULL, "note" character varying NULL, "resolved_by" character varying NULL, "opened_at" timestamptz NOT NULL, "resolved_at" timestamptz NULL, "bill_id" uuid NULL, "attempt_id" uuid NULL, PRIMARY KEY ("id"), CONSTRAINT "review_cases_bills_reviews" FOREIGN KEY ("bill_id") REFERENCES "bills" ("id") ON DELETE SET NULL, CONSTRAINT "review_cases_attempts_attempt" FOREIGN KEY ("attempt_id") REFERENCES "attempts" ("id") ON DELETE SET NULL, CONSTRAINT "review_cases_reason" CHECK (reason IN ('AMOUNT_MISMATCH', 'CURRENCY_MISMATCH', 'DUPLICATE_PAYMENT', 'LATE_PAYMENT', 'IN_DOUBT', 'PROVIDER_DISAGREES', 'FULFILMENT_FAILED', 'CHARGEBACK', 'MODERATION', 'UNMATCHED_PAYMENT')), CONSTRAINT "review_cases_resolution" CHECK (resolution IS NULL OR resolution IN ('FULFIL', 'REFUND_EXCESS', 'REFUND_ALL', 'RETRY_FULFILMENT', 'DISMISS')), CONSTRAINT "review_cases_resolved" CHECK (resolution IS NULL AND resolved_at IS NULL OR resolution IS NOT NULL AND resolved_at IS NOT NULL));
-- create index "reviewcase_key" to table: "review_cases"
CREATE UNIQUE INDEX "reviewcase_key" ON "review_cases" ("key");
-- create index "reviewcase_merchant_id_resolved_at_id" to table: "review_cases"
CREATE INDEX "reviewcase_merchant_id_resolved_at_id" ON "review_cases" ("merchant_id", "resolved_at", "id");
-- create index "reviewcase_bill_id" to table: "review_cases"
CREATE INDEX "reviewcase_bill_id" ON "review_cases" ("bill_id");

-- +goose Down
-- reverse: create index "reviewcase_bill_id" to table: "review_cases"
DROP INDEX "reviewcase_bill_id";
-- reverse: create index "reviewcase_merchant_id_resolved_at_id" to table: "review_cases"
DROP INDEX "reviewcase_merchant_id_resolved_at_id";
-- reverse: create index "reviewcase_key" to table: "review_cases"
DROP INDEX "reviewcase_key";
-- reverse: create "review_cases" table
DROP TABLE "review_cases";
-- reverse: create index "origin_merchant_id_origin" to table: "origins"
DROP INDEX "origin_merchant_id_origin";
-- reverse: create "origins" table
DROP TABLE "origins";
-- reverse: create index "merchant_code" to table: "merchants"
DROP INDEX "merchant_code";
-- reverse: create "merchants" table
DROP TABLE "merchants";
-- reverse: create index "operation_status_created_at" to table: "operations"
DROP INDEX "operation_status_created_at";
-- reverse: create index "operation_attempt_id_id" to table: "operations"
DROP INDEX "operation_attempt_id_id";
-- reverse: create index "operations_one_open" to table: "operations"
DROP INDEX "operations_one_open";
-- reverse: create "operations" table
DROP TABLE "operations";
-- reverse: create index "ledgerentry_bill_id" to table: "ledger_entries"
DROP INDEX "ledgerentry_bill_id";
-- reverse: create index "ledgerentry_wallet_id_id" to table: "ledger_entries"
DROP INDEX "ledgerentry_wallet_id_id";
-- reverse: create index "ledgerentry_account_id_id" to table: "ledger_entries"
DROP INDEX "ledgerentry_account_id_id";
-- reverse: create index "ledgerentry_transfer_leg" to table: "ledger_entries"
DROP INDEX "ledgerentry_transfer_leg";
-- reverse: create "ledger_entries" table
DROP TABLE "ledger_entries";
-- reverse: create index "wallet_user_id_currency" to table: "wallets"
DROP INDEX "wallet_user_id_currency";
-- reverse: create "wallets" table
DROP TABLE "wallets";
-- reverse: create index "ledgeraccount_merchant_id_kind_currency_owner" to table: "ledger_accounts"
DROP INDEX "ledgeraccount_merchant_id_kind_currency_owner";
-- reverse: create "ledger_accounts" table
DROP TABLE "ledger_accounts";
-- reverse: create index "entitlement_user_id_id" to table: "entitlements"
DROP INDEX "entitlement_user_id_id";
-- reverse: create index "entitlement_bill_id_kind_resource" to table: "entitlements"
DROP INDEX "entitlement_bill_id_kind_resource";
-- reverse: create "entitlements" table
DROP TABLE "entitlements";
-- reverse: create index "billline_bill_id_position" to table: "bill_lines"
DROP INDEX "billline_bill_id_position";
-- reverse: create "bill_lines" table
DROP TABLE "bill_lines";
-- reverse: create index "billevent_user_id_txid_id" to table: "bill_events"
DROP INDEX "billevent_user_id_txid_id";
-- reverse: create index "billevent_merchant_id_txid_id" to table: "bill_events"
DROP INDEX "billevent_merchant_id_txid_id";
-- reverse: create index "billevent_txid_id" to table: "bill_events"
DROP INDEX "billevent_txid_id";
-- reverse: create index "billevent_bill_id_version" to table: "bill_events"
DROP INDEX "billevent_bill_id_version";
-- reverse: create "bill_events" table
DROP TABLE "bill_events";
-- reverse: create index "attempt_status_watch_until" to table: "attempts"
DROP INDEX "attempt_status_watch_until";
-- reverse: create index "attempt_merchant_id_provider_ref" to table: "attempts"
DROP INDEX "attempt_merchant_id_provider_ref";
-- reverse: create index "attempt_bill_id_id" to table: "attempts"
DROP INDEX "attempt_bill_id_id";
-- reverse: create index "attempts_one_current" to table: "attempts"
DROP INDEX "attempts_one_current";
-- reverse: create index "attempt_account_order_number" to table: "attempts"
DROP INDEX "attempt_account_order_number";
-- reverse: create "attempts" table
DROP TABLE "attempts";
-- reverse: create index "bill_product_id_id" to table: "bills"
DROP INDEX "bill_product_id_id";
-- reverse: create index "bill_user_id_id" to table: "bills"
DROP INDEX "bill_user_id_id";
-- reverse: create index "bill_merchant_id_email" to table: "bills"
DROP INDEX "bill_merchant_id_email";
-- reverse: create index "bill_merchant_id_expires_at_id" to table: "bills"
DROP INDEX "bill_merchant_id_expires_at_id";
-- reverse: create index "bill_merchant_id_total_minor_id" to table: "bills"
DROP INDEX "bill_merchant_id_total_minor_id";
-- reverse: create index "bill_merchant_id_updated_at_id" to table: "bills"
DROP INDEX "bill_merchant_id_updated_at_id";
-- reverse: create index "bill_merchant_id_status_id" to table: "bills"
DROP INDEX "bill_merchant_id_status_id";
-- reverse: create index "bill_merchant_id_id" to table: "bills"
DROP INDEX "bill_merchant_id_id";
-- reverse: create index "bill_merchant_id_reference" to table: "bills"
DROP INDEX "bill_merchant_id_reference";
-- reverse: create "bills" table
DROP TABLE "bills";
-- reverse: create index "user_merchant_id_email" to table: "users"
DROP INDEX "user_merchant_id_email";
-- reverse: create index "user_merchant_id_id" to table: "users"
DROP INDEX "user_merchant_id_id";
-- reverse: create index "user_merchant_id_external_id" to table: "users"
DROP INDEX "user_merchant_id_external_id";
-- reverse: create "users" table
DROP TABLE "users";
-- reverse: create index "price_product_id" to table: "prices"
DROP INDEX "price_product_id";
-- reverse: create "prices" table
DROP TABLE "prices";
-- reverse: create index "product_merchant_id_code" to table: "products"
DROP INDEX "product_merchant_id_code";
-- reverse: create "products" table
DROP TABLE "products";
-- reverse: create index "providerevent_account_order_number" to table: "provider_events"
DROP INDEX "providerevent_account_order_number";
-- reverse: create index "providerevent_account_event_key" to table: "provider_events"
DROP INDEX "providerevent_account_event_key";
-- reverse: create "provider_events" table
DROP TABLE "provider_events";
-- reverse: create index "outboxmessage_dispatched_at_id" to table: "outbox_messages"
DROP INDEX "outboxmessage_dispatched_at_id";
-- reverse: create index "outboxmessage_object_id_version" to table: "outbox_messages"
DROP INDEX "outboxmessage_object_id_version";
-- reverse: create "outbox_messages" table
DROP TABLE "outbox_messages";
-- reverse: create index "job_priority_run_at" to table: "jobs"
DROP INDEX "job_priority_run_at";
-- reverse: create index "job_run_at" to table: "jobs"
DROP INDEX "job_run_at";
-- reverse: create index "job_kind_key" to table: "jobs"
DROP INDEX "job_kind_key";
-- reverse: create "jobs" table
DROP TABLE "jobs";
-- reverse: create index "idempotencyrecord_created_at" to table: "idempotency_records"
DROP INDEX "idempotencyrecord_created_at";
-- reverse: create index "idempotencyrecord_merchant_id_principal_mutation_key" to table: "idempotency_records"
DROP INDEX "idempotencyrecord_merchant_id_principal_mutation_key";
-- reverse: create "idempotency_records" table
DROP TABLE "idempotency_records";
-- reverse: create index "apikey_merchant_id" to table: "api_keys"
DROP INDEX "apikey_merchant_id";
-- reverse: create index "apikey_hash" to table: "api_keys"
DROP INDEX "apikey_hash";
-- reverse: create "api_keys" table
DROP TABLE "api_keys";
-- reverse: create "settings" table
DROP TABLE "settings";
