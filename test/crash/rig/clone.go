package rig

import (
	"context"
	"crypto/rand"
	"fmt"
	"net/url"
	"strings"
)

// CloneDatabase copies the database at an address of this cluster, to which nobody
// may be connected, and returns the copy's address.
func (p *Postgres) CloneDatabase(ctx context.Context, address string) (string, error) {
	from, err := nameIn(address)
	if err != nil {
		return "", err
	}
	name := "crash_" + strings.ToLower(rand.Text()[:12])
	if err := p.exec(ctx, "CREATE DATABASE "+name+" TEMPLATE "+from); err != nil {
		return "", fmt.Errorf("copy a database: %w", err)
	}
	return p.url(name), nil
}

// DropDatabase removes the database at an address of this cluster and cuts off
// whoever is connected.
func (p *Postgres) DropDatabase(ctx context.Context, address string) error {
	name, err := nameIn(address)
	if err != nil {
		return err
	}
	if err := p.exec(ctx, "DROP DATABASE "+name+" WITH (FORCE)"); err != nil {
		return fmt.Errorf("drop a database: %w", err)
	}
	return nil
}

func nameIn(address string) (string, error) {
	u, err := url.Parse(address)
	if err != nil {
		return "", fmt.Errorf("read the address of a database: %w", err)
	}
	return strings.TrimPrefix(u.Path, "/"), nil
}
