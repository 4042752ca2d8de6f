-- +goose Up
-- an account now gains what is above zero and gives what is below, as wallets always did
UPDATE `ledger_entries` SET `amount_minor` = -`amount_minor` WHERE `transfer` NOT IN (SELECT `transfer` FROM `ledger_entries` WHERE `wallet_id` IS NOT NULL);
-- add columns to table: "attempts"
ALTER TABLE `attempts` ADD COLUMN `card_id` uuid NULL;
ALTER TABLE `attempts` ADD COLUMN `wallet_id` uuid NULL;
ALTER TABLE `attempts` ADD COLUMN `saves_card` bool NOT NULL DEFAULT false;
ALTER TABLE `attempts` ADD COLUMN `charge_try` integer NULL;
-- create index "attempt_bill_id_charge_try" to table: "attempts"
CREATE UNIQUE INDEX `attempt_bill_id_charge_try` ON `attempts` (`bill_id`, `charge_try`);
-- create index "attempt_card_id" to table: "attempts"
CREATE INDEX `attempt_card_id` ON `attempts` (`card_id`);
-- add columns to table: "bills"
ALTER TABLE `bills` ADD COLUMN `gift` json NULL;
ALTER TABLE `bills` ADD COLUMN `subscription_id` uuid NULL;
ALTER TABLE `bills` ADD COLUMN `period_start` datetime NULL;
ALTER TABLE `bills` ADD COLUMN `period_end` datetime NULL;
-- create index "bill_subscription_id_period_start" to table: "bills"
CREATE UNIQUE INDEX `bill_subscription_id_period_start` ON `bills` (`subscription_id`, `period_start`);
-- add column "test_clock_id" to table: "users"
ALTER TABLE `users` ADD COLUMN `test_clock_id` uuid NULL;
-- create "billing_subscriptions" table
CREATE TABLE `billing_subscriptions` (`id` uuid NOT NULL, `merchant_id` uuid NOT NULL, `status` text NOT NULL, `time_zone` text NOT NULL, `interval` text NOT NULL, `anchor_at` datetime NULL, `shift` text NULL, `period_index` integer NOT NULL DEFAULT (0), `current_period_start` datetime NULL, `current_period_end` datetime NULL, `trial_end` datetime NULL, `next_action_at` datetime NULL, `cancel_at_period_end` bool NOT NULL DEFAULT (false), `cancel_at` datetime NULL, `paused_at` datetime NULL, `paused_until` datetime NULL, `ended_at` datetime NULL, `past_due_since` datetime NULL, `dunning_try` integer NOT NULL DEFAULT (0), `dunning_next_at` datetime NULL, `decline_code` text NULL, `decline_provider_code` text NULL, `decline_message` text NULL, `decline_retry` text NULL, `open_bill_id` uuid NULL, `test_clock_id` uuid NULL, `version` integer NOT NULL, `created_at` datetime NOT NULL, `updated_at` datetime NOT NULL, `product_id` uuid NOT NULL, `price_id` uuid NOT NULL, `card_id` uuid NULL, `user_id` uuid NOT NULL, PRIMARY KEY (`id`), CONSTRAINT `billing_subscriptions_products_product` FOREIGN KEY (`product_id`) REFERENCES `products` (`id`) ON DELETE NO ACTION, CONSTRAINT `billing_subscriptions_prices_price` FOREIGN KEY (`price_id`) REFERENCES `prices` (`id`) ON DELETE NO ACTION, CONSTRAINT `billing_subscriptions_cards_card` FOREIGN KEY (`card_id`) REFERENCES `cards` (`id`) ON DELETE SET NULL, CONSTRAINT `billing_subscriptions_users_subscriptions` FOREIGN KEY (`user_id`) REFERENCES `users` (`id`) ON DELETE NO ACTION, CONSTRAINT `billing_subscriptions_dunning` CHECK (dunning_try >= 0), CONSTRAINT `billing_subscriptions_ended` CHECK (status IN ('CANCELED', 'ENDED') AND ended_at IS NOT NULL OR NOT (status IN ('CANCELED', 'ENDED')) AND NOT (ended_at IS NOT NULL)), CONSTRAINT `billing_subscriptions_status` CHECK (status IN ('INCOMPLETE', 'TRIALING', 'ACTIVE', 'PAST_DUE', 'PAUSED', 'CANCELED', 'ENDED')), CONSTRAINT `billing_subscriptions_version` CHECK (version >= 1));
-- create index "billingsubscription_merchant_id_id" to table: "billing_subscriptions"
CREATE INDEX `billingsubscription_merchant_id_id` ON `billing_subscriptions` (`merchant_id`, `id`);
-- create index "billingsubscription_merchant_id_status_id" to table: "billing_subscriptions"
CREATE INDEX `billingsubscription_merchant_id_status_id` ON `billing_subscriptions` (`merchant_id`, `status`, `id`);
-- create index "billingsubscription_user_id_id" to table: "billing_subscriptions"
CREATE INDEX `billingsubscription_user_id_id` ON `billing_subscriptions` (`user_id`, `id`);
-- create index "billingsubscription_user_id_product_id" to table: "billing_subscriptions"
CREATE INDEX `billingsubscription_user_id_product_id` ON `billing_subscriptions` (`user_id`, `product_id`);
-- create index "billingsubscription_price_id_id" to table: "billing_subscriptions"
CREATE INDEX `billingsubscription_price_id_id` ON `billing_subscriptions` (`price_id`, `id`);
-- create index "billingsubscription_card_id" to table: "billing_subscriptions"
CREATE INDEX `billingsubscription_card_id` ON `billing_subscriptions` (`card_id`);
-- create index "billingsubscription_test_clock_id_next_action_at" to table: "billing_subscriptions"
CREATE INDEX `billingsubscription_test_clock_id_next_action_at` ON `billing_subscriptions` (`test_clock_id`, `next_action_at`) WHERE test_clock_id IS NOT NULL;
-- create "cards" table
CREATE TABLE `cards` (`id` uuid NOT NULL, `merchant_id` uuid NOT NULL, `provider` text NOT NULL, `account` text NOT NULL, `ref_sealed` blob NOT NULL, `ref_hash` blob NOT NULL, `status` text NOT NULL, `brand` text NOT NULL DEFAULT (''), `mask` text NOT NULL, `holder` text NULL, `exp_month` integer NULL, `exp_year` integer NULL, `is_default` bool NOT NULL DEFAULT (false), `requires_cvv` bool NOT NULL DEFAULT (false), `removing_since` datetime NULL, `created_at` datetime NOT NULL, `updated_at` datetime NOT NULL, `removed_at` datetime NULL, `user_id` uuid NOT NULL, PRIMARY KEY (`id`), CONSTRAINT `cards_users_cards` FOREIGN KEY (`user_id`) REFERENCES `users` (`id`) ON DELETE NO ACTION, CONSTRAINT `cards_default` CHECK (NOT is_default OR status <> 'REMOVED'), CONSTRAINT `cards_month` CHECK (exp_month IS NULL OR exp_month BETWEEN 1 AND 12), CONSTRAINT `cards_removed` CHECK (status = 'REMOVED' AND removed_at IS NOT NULL OR NOT (status = 'REMOVED') AND NOT (removed_at IS NOT NULL)), CONSTRAINT `cards_status` CHECK (status IN ('ACTIVE', 'EXPIRED', 'REMOVED')));
-- create index "cards_one_live" to table: "cards"
CREATE UNIQUE INDEX `cards_one_live` ON `cards` (`user_id`, `account`, `ref_hash`) WHERE removed_at IS NULL;
-- create index "cards_one_default" to table: "cards"
CREATE UNIQUE INDEX `cards_one_default` ON `cards` (`user_id`) WHERE is_default;
-- create index "card_user_id_id" to table: "cards"
CREATE INDEX `card_user_id_id` ON `cards` (`user_id`, `id`);
-- create index "cards_expiring" to table: "cards"
CREATE INDEX `cards_expiring` ON `cards` (`status`, `exp_year`, `exp_month`);
-- create "card_registrations" table
CREATE TABLE `card_registrations` (`id` uuid NOT NULL, `merchant_id` uuid NOT NULL, `provider` text NOT NULL, `account` text NOT NULL, `order_number` text NOT NULL, `status` text NOT NULL, `verification_minor` integer NOT NULL, `currency` text NOT NULL, `attempts_left` integer NULL, `known_refs` json NULL, `redirect_url` text NULL, `return_url` text NULL, `failure_code` text NULL, `failure_provider_code` text NULL, `failure_message` text NULL, `failure_retry` text NULL, `asked_at` datetime NULL, `expires_at` datetime NOT NULL, `watch_until` datetime NOT NULL, `version` integer NOT NULL, `created_at` datetime NOT NULL, `updated_at` datetime NOT NULL, `resolved_at` datetime NULL, `user_id` uuid NOT NULL, `card_id` uuid NULL, PRIMARY KEY (`id`), CONSTRAINT `card_registrations_users_user` FOREIGN KEY (`user_id`) REFERENCES `users` (`id`) ON DELETE NO ACTION, CONSTRAINT `card_registrations_cards_card` FOREIGN KEY (`card_id`) REFERENCES `cards` (`id`) ON DELETE SET NULL, CONSTRAINT `card_registrations_card` CHECK (status = 'COMPLETED' AND card_id IS NOT NULL OR NOT (status = 'COMPLETED') AND NOT (card_id IS NOT NULL)), CONSTRAINT `card_registrations_status` CHECK (status IN ('PENDING', 'ACTION_REQUIRED', 'COMPLETED', 'FAILED', 'EXPIRED')), CONSTRAINT `card_registrations_version` CHECK (version >= 1));
-- create index "cardregistration_user_id_id" to table: "card_registrations"
CREATE INDEX `cardregistration_user_id_id` ON `card_registrations` (`user_id`, `id`);
-- create index "cardregistration_account_order_number" to table: "card_registrations"
CREATE UNIQUE INDEX `cardregistration_account_order_number` ON `card_registrations` (`account`, `order_number`);
-- create "gifts" table
CREATE TABLE `gifts` (`id` uuid NOT NULL, `merchant_id` uuid NOT NULL, `status` text NOT NULL, `code_hash` blob NOT NULL, `code_sealed` blob NOT NULL, `recipient_email` text NOT NULL, `message` text NULL, `occasion` text NULL, `deliver_at` datetime NULL, `redeemed_at` datetime NULL, `expires_at` datetime NULL, `voided_at` datetime NULL, `created_at` datetime NOT NULL, `updated_at` datetime NOT NULL, `bill_id` uuid NOT NULL, `product_id` uuid NOT NULL, `buyer_id` uuid NULL, `redeemed_by_id` uuid NULL, `subscription_id` uuid NULL, PRIMARY KEY (`id`), CONSTRAINT `gifts_bills_bill` FOREIGN KEY (`bill_id`) REFERENCES `bills` (`id`) ON DELETE NO ACTION, CONSTRAINT `gifts_products_product` FOREIGN KEY (`product_id`) REFERENCES `products` (`id`) ON DELETE NO ACTION, CONSTRAINT `gifts_users_buyer` FOREIGN KEY (`buyer_id`) REFERENCES `users` (`id`) ON DELETE SET NULL, CONSTRAINT `gifts_users_redeemed_by` FOREIGN KEY (`redeemed_by_id`) REFERENCES `users` (`id`) ON DELETE SET NULL, CONSTRAINT `gifts_billing_subscriptions_subscription` FOREIGN KEY (`subscription_id`) REFERENCES `billing_subscriptions` (`id`) ON DELETE SET NULL, CONSTRAINT `gifts_redeemed` CHECK (status = 'REDEEMED' AND redeemed_by_id IS NOT NULL AND redeemed_at IS NOT NULL OR NOT (status = 'REDEEMED') AND NOT (redeemed_by_id IS NOT NULL AND redeemed_at IS NOT NULL)), CONSTRAINT `gifts_status` CHECK (status IN ('SCHEDULED', 'ISSUED', 'REDEEMED', 'VOIDED', 'EXPIRED')), CONSTRAINT `gifts_voided` CHECK (status = 'VOIDED' AND voided_at IS NOT NULL OR NOT (status = 'VOIDED') AND NOT (voided_at IS NOT NULL)));
-- create index "gift_bill_id" to table: "gifts"
CREATE UNIQUE INDEX `gift_bill_id` ON `gifts` (`bill_id`);
-- create index "gift_code_hash" to table: "gifts"
CREATE UNIQUE INDEX `gift_code_hash` ON `gifts` (`code_hash`);
-- create index "gift_buyer_id_id" to table: "gifts"
CREATE INDEX `gift_buyer_id_id` ON `gifts` (`buyer_id`, `id`);
-- create index "gift_redeemed_by_id_id" to table: "gifts"
CREATE INDEX `gift_redeemed_by_id_id` ON `gifts` (`redeemed_by_id`, `id`);
-- create index "gift_status_expires_at" to table: "gifts"
CREATE INDEX `gift_status_expires_at` ON `gifts` (`status`, `expires_at`);
-- create "mails" table
CREATE TABLE `mails` (`id` uuid NOT NULL, `merchant_id` uuid NOT NULL, `kind` text NOT NULL, `key` text NOT NULL, `recipient` text NOT NULL, `locale` text NOT NULL, `data` json NOT NULL, `secret` blob NULL, `status` text NOT NULL, `sent_at` datetime NULL, `last_error` text NULL, `created_at` datetime NOT NULL, PRIMARY KEY (`id`), CONSTRAINT `mails_sent` CHECK (status = 'SENT' AND sent_at IS NOT NULL OR NOT (status = 'SENT') AND NOT (sent_at IS NOT NULL)), CONSTRAINT `mails_status` CHECK (status IN ('QUEUED', 'SENT', 'REFUSED')));
-- create index "mail_merchant_id_key" to table: "mails"
CREATE UNIQUE INDEX `mail_merchant_id_key` ON `mails` (`merchant_id`, `key`);
-- create index "mail_status_created_at" to table: "mails"
CREATE INDEX `mail_status_created_at` ON `mails` (`status`, `created_at`);
-- create "object_events" table
CREATE TABLE `object_events` (`id` integer NOT NULL PRIMARY KEY AUTOINCREMENT, `merchant_id` uuid NOT NULL, `user_id` uuid NOT NULL, `registration_id` uuid NULL, `subscription_id` uuid NULL, `version` integer NOT NULL, `from` text NULL, `to` text NOT NULL, `reason` text NOT NULL, `actor` text NULL, `at` datetime NOT NULL, `txid` integer NULL DEFAULT (0), CONSTRAINT `object_events_one` CHECK (registration_id IS NULL AND subscription_id IS NOT NULL OR NOT (registration_id IS NULL) AND NOT (subscription_id IS NOT NULL)));
-- create index "objectevent_registration_id_version" to table: "object_events"
CREATE UNIQUE INDEX `objectevent_registration_id_version` ON `object_events` (`registration_id`, `version`);
-- create index "objectevent_subscription_id_version" to table: "object_events"
CREATE UNIQUE INDEX `objectevent_subscription_id_version` ON `object_events` (`subscription_id`, `version`);
-- create index "objectevent_txid_id" to table: "object_events"
CREATE INDEX `objectevent_txid_id` ON `object_events` (`txid`, `id`);
-- create index "objectevent_user_id_txid_id" to table: "object_events"
CREATE INDEX `objectevent_user_id_txid_id` ON `object_events` (`user_id`, `txid`, `id`);
-- create "subscription_periods" table
CREATE TABLE `subscription_periods` (`id` integer NOT NULL PRIMARY KEY AUTOINCREMENT, `kind` text NOT NULL, `starts_at` datetime NOT NULL, `ends_at` datetime NOT NULL, `bill_id` uuid NULL, `created_at` datetime NOT NULL, `subscription_id` uuid NOT NULL, CONSTRAINT `subscription_periods_billing_subscriptions_subscription` FOREIGN KEY (`subscription_id`) REFERENCES `billing_subscriptions` (`id`) ON DELETE NO ACTION, CONSTRAINT `subscription_periods_kind` CHECK (kind IN ('trial', 'paid', 'gift', 'pause')), CONSTRAINT `subscription_periods_order` CHECK (ends_at > starts_at));
-- create index "subscriptionperiod_subscription_id_starts_at" to table: "subscription_periods"
CREATE UNIQUE INDEX `subscriptionperiod_subscription_id_starts_at` ON `subscription_periods` (`subscription_id`, `starts_at`);
-- create index "subscriptionperiod_bill_id" to table: "subscription_periods"
CREATE UNIQUE INDEX `subscriptionperiod_bill_id` ON `subscription_periods` (`bill_id`) WHERE bill_id IS NOT NULL;
-- create "test_clocks" table
CREATE TABLE `test_clocks` (`id` uuid NOT NULL, `merchant_id` uuid NOT NULL, `name` text NOT NULL, `now` datetime NOT NULL, `advancing_to` datetime NULL, `created_at` datetime NOT NULL, PRIMARY KEY (`id`));
-- create index "testclock_merchant_id_id" to table: "test_clocks"
CREATE INDEX `testclock_merchant_id_id` ON `test_clocks` (`merchant_id`, `id`);
-- no other table refers to entitlements, so that it can be rebuilt with foreign keys enforced
-- create "new_entitlements" table
CREATE TABLE `new_entitlements` (`id` uuid NOT NULL, `merchant_id` uuid NOT NULL, `kind` text NOT NULL, `resource` text NOT NULL DEFAULT (''), `granted_at` datetime NOT NULL, `expires_at` datetime NULL, `revoked_at` datetime NULL, `bill_id` uuid NULL, `subscription_id` uuid NULL, `user_id` uuid NULL, PRIMARY KEY (`id`), CONSTRAINT `entitlements_bills_entitlements` FOREIGN KEY (`bill_id`) REFERENCES `bills` (`id`) ON DELETE SET NULL, CONSTRAINT `entitlements_billing_subscriptions_subscription` FOREIGN KEY (`subscription_id`) REFERENCES `billing_subscriptions` (`id`) ON DELETE SET NULL, CONSTRAINT `entitlements_users_entitlements` FOREIGN KEY (`user_id`) REFERENCES `users` (`id`) ON DELETE SET NULL, CONSTRAINT `entitlements_source` CHECK (bill_id IS NULL AND subscription_id IS NOT NULL OR NOT (bill_id IS NULL) AND NOT (subscription_id IS NOT NULL)));
-- copy rows from old table "entitlements" to new temporary table "new_entitlements"
INSERT INTO `new_entitlements` (`id`, `merchant_id`, `kind`, `resource`, `granted_at`, `expires_at`, `revoked_at`, `bill_id`, `user_id`) SELECT `id`, `merchant_id`, `kind`, `resource`, `granted_at`, `expires_at`, `revoked_at`, `bill_id`, `user_id` FROM `entitlements`;
-- drop "entitlements" table after copying rows
DROP TABLE `entitlements`;
-- rename temporary table "new_entitlements" to "entitlements"
ALTER TABLE `new_entitlements` RENAME TO `entitlements`;
-- create index "entitlement_bill_id_kind_resource" to table: "entitlements"
CREATE UNIQUE INDEX `entitlement_bill_id_kind_resource` ON `entitlements` (`bill_id`, `kind`, `resource`);
-- create index "entitlement_subscription_id_kind_resource" to table: "entitlements"
CREATE UNIQUE INDEX `entitlement_subscription_id_kind_resource` ON `entitlements` (`subscription_id`, `kind`, `resource`);
-- create index "entitlement_user_id_id" to table: "entitlements"
CREATE INDEX `entitlement_user_id_id` ON `entitlements` (`user_id`, `id`);

-- +goose Down
-- reverse: what a subscription grants goes with it
CREATE TABLE `old_entitlements` (`id` uuid NOT NULL, `merchant_id` uuid NOT NULL, `kind` text NOT NULL, `resource` text NOT NULL DEFAULT (''), `granted_at` datetime NOT NULL, `expires_at` datetime NULL, `revoked_at` datetime NULL, `bill_id` uuid NOT NULL, `user_id` uuid NULL, PRIMARY KEY (`id`), CONSTRAINT `entitlements_bills_entitlements` FOREIGN KEY (`bill_id`) REFERENCES `bills` (`id`) ON DELETE NO ACTION, CONSTRAINT `entitlements_users_entitlements` FOREIGN KEY (`user_id`) REFERENCES `users` (`id`) ON DELETE SET NULL);
INSERT INTO `old_entitlements` (`id`, `merchant_id`, `kind`, `resource`, `granted_at`, `expires_at`, `revoked_at`, `bill_id`, `user_id`) SELECT `id`, `merchant_id`, `kind`, `resource`, `granted_at`, `expires_at`, `revoked_at`, `bill_id`, `user_id` FROM `entitlements` WHERE `bill_id` IS NOT NULL;
DROP TABLE `entitlements`;
ALTER TABLE `old_entitlements` RENAME TO `entitlements`;
CREATE UNIQUE INDEX `entitlement_bill_id_kind_resource` ON `entitlements` (`bill_id`, `kind`, `resource`);
CREATE INDEX `entitlement_user_id_id` ON `entitlements` (`user_id`, `id`);
-- reverse: create index "testclock_merchant_id_id" to table: "test_clocks"
DROP INDEX `testclock_merchant_id_id`;
-- reverse: create "test_clocks" table
DROP TABLE `test_clocks`;
-- reverse: create index "subscriptionperiod_bill_id" to table: "subscription_periods"
DROP INDEX `subscriptionperiod_bill_id`;
-- reverse: create index "subscriptionperiod_subscription_id_starts_at" to table: "subscription_periods"
DROP INDEX `subscriptionperiod_subscription_id_starts_at`;
-- reverse: create "subscription_periods" table
DROP TABLE `subscription_periods`;
-- reverse: create index "objectevent_user_id_txid_id" to table: "object_events"
DROP INDEX `objectevent_user_id_txid_id`;
-- reverse: create index "objectevent_txid_id" to table: "object_events"
DROP INDEX `objectevent_txid_id`;
-- reverse: create index "objectevent_subscription_id_version" to table: "object_events"
DROP INDEX `objectevent_subscription_id_version`;
-- reverse: create index "objectevent_registration_id_version" to table: "object_events"
DROP INDEX `objectevent_registration_id_version`;
-- reverse: create "object_events" table
DROP TABLE `object_events`;
-- reverse: create index "mail_status_created_at" to table: "mails"
DROP INDEX `mail_status_created_at`;
-- reverse: create index "mail_merchant_id_key" to table: "mails"
DROP INDEX `mail_merchant_id_key`;
-- reverse: create "mails" table
DROP TABLE `mails`;
-- reverse: create index "gift_status_expires_at" to table: "gifts"
DROP INDEX `gift_status_expires_at`;
-- reverse: create index "gift_redeemed_by_id_id" to table: "gifts"
DROP INDEX `gift_redeemed_by_id_id`;
-- reverse: create index "gift_buyer_id_id" to table: "gifts"
DROP INDEX `gift_buyer_id_id`;
-- reverse: create index "gift_code_hash" to table: "gifts"
DROP INDEX `gift_code_hash`;
-- reverse: create index "gift_bill_id" to table: "gifts"
DROP INDEX `gift_bill_id`;
-- reverse: create "gifts" table
DROP TABLE `gifts`;
-- reverse: create index "cardregistration_account_order_number" to table: "card_registrations"
DROP INDEX `cardregistration_account_order_number`;
-- reverse: create index "cardregistration_user_id_id" to table: "card_registrations"
DROP INDEX `cardregistration_user_id_id`;
-- reverse: create "card_registrations" table
DROP TABLE `card_registrations`;
-- reverse: create index "cards_expiring" to table: "cards"
DROP INDEX `cards_expiring`;
-- reverse: create index "card_user_id_id" to table: "cards"
DROP INDEX `card_user_id_id`;
-- reverse: create index "cards_one_default" to table: "cards"
DROP INDEX `cards_one_default`;
-- reverse: create index "cards_one_live" to table: "cards"
DROP INDEX `cards_one_live`;
-- reverse: create "cards" table
DROP TABLE `cards`;
-- reverse: create index "billingsubscription_test_clock_id_next_action_at" to table: "billing_subscriptions"
DROP INDEX `billingsubscription_test_clock_id_next_action_at`;
-- reverse: create index "billingsubscription_card_id" to table: "billing_subscriptions"
DROP INDEX `billingsubscription_card_id`;
-- reverse: create index "billingsubscription_price_id_id" to table: "billing_subscriptions"
DROP INDEX `billingsubscription_price_id_id`;
-- reverse: create index "billingsubscription_user_id_product_id" to table: "billing_subscriptions"
DROP INDEX `billingsubscription_user_id_product_id`;
-- reverse: create index "billingsubscription_user_id_id" to table: "billing_subscriptions"
DROP INDEX `billingsubscription_user_id_id`;
-- reverse: create index "billingsubscription_merchant_id_status_id" to table: "billing_subscriptions"
DROP INDEX `billingsubscription_merchant_id_status_id`;
-- reverse: create index "billingsubscription_merchant_id_id" to table: "billing_subscriptions"
DROP INDEX `billingsubscription_merchant_id_id`;
-- reverse: create "billing_subscriptions" table
DROP TABLE `billing_subscriptions`;
-- reverse: add column "test_clock_id" to table: "users"
ALTER TABLE `users` DROP COLUMN `test_clock_id`;
-- reverse: add columns to table: "bills"
DROP INDEX `bill_subscription_id_period_start`;
ALTER TABLE `bills` DROP COLUMN `period_end`;
ALTER TABLE `bills` DROP COLUMN `period_start`;
ALTER TABLE `bills` DROP COLUMN `subscription_id`;
ALTER TABLE `bills` DROP COLUMN `gift`;
-- reverse: add columns to table: "attempts"
DROP INDEX `attempt_card_id`;
DROP INDEX `attempt_bill_id_charge_try`;
ALTER TABLE `attempts` DROP COLUMN `charge_try`;
ALTER TABLE `attempts` DROP COLUMN `saves_card`;
ALTER TABLE `attempts` DROP COLUMN `wallet_id`;
ALTER TABLE `attempts` DROP COLUMN `card_id`;
-- reverse: the signs of before
UPDATE `ledger_entries` SET `amount_minor` = -`amount_minor` WHERE `transfer` NOT IN (SELECT `transfer` FROM `ledger_entries` WHERE `wallet_id` IS NOT NULL);
