package main

import (
	"context"
	"errors"
	"fmt"
)

func runMigrateUp(ctx context.Context, args []string, env environment) (err error) {
	flags := newFlags(env, "migrate up", "[--database URL | --data DIR]",
		"Brings a database to the newest version. It is safe to repeat; on Postgres two\nprocesses take turns.")
	database := addDatabaseFlags(flags)
	if err := parse(flags, args, 0); err != nil {
		return err
	}
	s, err := database.open(ctx, env, false)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, s.Close()) }()
	applied, err := s.Migrate(ctx)
	if err != nil {
		return err
	}
	_, _ = fmt.Fprintf(env.Stdout, "applied %d versions\n", applied)
	return nil
}

func runMigrateStatus(ctx context.Context, args []string, env environment) (err error) {
	flags := newFlags(env, "migrate status", "[--database URL | --data DIR]",
		"Lists the versions that this program knows, oldest first, and whether the database\nhas them.")
	database := addDatabaseFlags(flags)
	if err := parse(flags, args, 0); err != nil {
		return err
	}
	s, err := database.open(ctx, env, false)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, s.Close()) }()
	versions, err := s.Migrations(ctx)
	if err != nil {
		return err
	}
	for _, v := range versions {
		state := "pending"
		if v.Applied {
			state = "applied"
		}
		_, _ = fmt.Fprintf(env.Stdout, "%s\t%s\n", state, v.Name)
	}
	return nil
}
