-- +goose Up
-- drop index "cards_anybodys" from table: "cards"
DROP INDEX `cards_anybodys`;
-- create index "cards_whose" to table: "cards"
CREATE INDEX `cards_whose` ON `cards` (`ref_hash`, `provider`);

-- +goose Down
-- reverse: create index "cards_whose" to table: "cards"
DROP INDEX `cards_whose`;
-- reverse: drop index "cards_anybodys" from table: "cards"
CREATE INDEX `cards_anybodys` ON `cards` (`account`, `ref_hash`);
