package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/paygraph/paygraph/internal/auth"
	"github.com/paygraph/paygraph/internal/store"
	"github.com/paygraph/paygraph/internal/web"
	"github.com/paygraph/paygraph/internal/web/explorer"
)

// devOptions are the flags of dev.
type devOptions struct {
	addr        string
	data        string
	database    string
	sandbox     string
	sandboxAddr string
}

func runDev(ctx context.Context, args []string, env environment) error {
	o := devOptions{}
	flags := newFlags(env, "dev", "[--addr HOST:PORT] [--data DIR] [--database URL] [--sandbox URL]",
		"Starts everything in one process: the server, a demo shop with a catalogue, and the\nsimulated providers. Nothing else is needed, no account and no database server. Its\nkeys are the same on every start with the same data. Never expose it: everybody who\ncan reach it is let in.")
	flags.StringVar(&o.addr, "addr", "127.0.0.1:8080", "where to listen; port 0 picks a free one")
	flags.StringVar(&o.data, "data", ".paygraph", "the folder for the database and the sandbox's state")
	flags.StringVar(&o.database, "database", "", "another database than SQLite in --data: postgres://user@host/name")
	flags.StringVar(&o.sandbox, "sandbox", "", "a sandbox that runs already, e.g. http://127.0.0.1:8090; it outlives this process")
	flags.StringVar(&o.sandboxAddr, "sandbox-addr", "", "where the sandbox of this process listens (default 127.0.0.1:8090, or a free port when --addr has port 0)")
	if err := parse(flags, args, 0); err != nil {
		return err
	}
	logger := slog.New(web.LogHandler(slog.NewTextHandler(env.Stderr, &slog.HandlerOptions{Level: slog.LevelWarn})))
	return dev(ctx, o, env, logger)
}

// dev runs the whole of it until ctx ends.
func dev(ctx context.Context, o devOptions, env environment, logger *slog.Logger) (err error) {
	s, err := openDevStore(ctx, o)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, s.Close()) }()

	listener, err := listen(ctx, o.addr)
	if err != nil {
		return fmt.Errorf("listen (choose another --addr, or port 0): %w", err)
	}
	defer func() { _ = listener.Close() }()
	publicURL := "http://" + listener.Addr().String()
	d, err := seedDemo(ctx, s, publicURL)
	if err != nil {
		return fmt.Errorf("make the demo shop: %w", err)
	}
	box, sandboxURL, err := o.openSandbox(ctx, s, logger)
	if err != nil {
		return err
	}
	inbox, err := openInbox(ctx, s.Clock())
	if err != nil {
		return err
	}
	a, err := assembleDev(ctx, s, d, inbox, publicURL, sandboxURL, logger)
	if err != nil {
		return errors.Join(err, inbox.close())
	}
	if err := a.web.Warm(ctx); err != nil {
		return err
	}

	running, stop := context.WithCancel(ctx)
	defer stop()
	group, running := errgroup.WithContext(running)
	group.Go(func() error { return inbox.run(running) })
	if box != nil {
		// The sandbox ends after the server: a last call still finds it.
		afterServer, end := context.WithCancel(context.WithoutCancel(running))
		group.Go(func() error { return box.run(afterServer) })
		group.Go(func() error { defer end(); return a.run(running, listener) })
	} else {
		group.Go(func() error { return a.run(running, listener) })
	}
	if err := tellSandbox(ctx, sandboxURL, publicURL); err != nil {
		stop()
		return errors.Join(err, group.Wait())
	}
	greet(env, publicURL, sandboxURL, d)
	return group.Wait()
}

func openDevStore(ctx context.Context, o devOptions) (*store.Store, error) {
	url := o.database
	if url == "" {
		inFolder, err := sqliteIn(o.data)
		if err != nil {
			return nil, err
		}
		url = inFolder
	}
	s, err := store.Open(ctx, url, systemClock())
	if err != nil {
		return nil, err
	}
	if _, err := s.Migrate(ctx); err != nil {
		return nil, errors.Join(err, s.Close())
	}
	return s, nil
}

// openSandbox starts the process's own sandbox, unless one was named.
func (o devOptions) openSandbox(ctx context.Context, s *store.Store, logger *slog.Logger) (*sandboxes, string, error) {
	if o.sandbox != "" {
		return nil, strings.TrimSuffix(o.sandbox, "/"), nil
	}
	addr := o.sandboxAddr
	if addr == "" {
		addr = "127.0.0.1:8090"
		if strings.HasSuffix(o.addr, ":0") {
			addr = "127.0.0.1:0"
		}
	}
	if err := os.MkdirAll(o.data, 0o700); err != nil {
		return nil, "", fmt.Errorf("make the data folder: %w", err)
	}
	box, err := startSandbox(ctx, addr, filepath.Join(o.data, "sandbox.jsonl"), s.Clock(), logger)
	if err != nil {
		return nil, "", err
	}
	return box, box.url(), nil
}

func assembleDev(ctx context.Context, s *store.Store, d *demo, inbox *inbox, publicURL, sandboxURL string, logger *slog.Logger) (*app, error) {
	accounts, err := demoAccounts(d.Merchant.ID, sandboxURL, s.Clock(), logger)
	if err != nil {
		return nil, err
	}
	guestKey, err := auth.InstallationSecret(ctx, s, guestKeyName)
	if err != nil {
		return nil, err
	}
	returnKey, err := auth.InstallationSecret(ctx, s, returnKeyName)
	if err != nil {
		return nil, err
	}
	keys, err := vaultKeys(ctx, s, nil, nil)
	if err != nil {
		return nil, err
	}
	page, err := explorer.Handler(explorer.Options{
		Title: "Paygraph", Endpoint: "/graphql", Token: d.OperatorToken, Document: exampleDocument(d),
	})
	if err != nil {
		return nil, err
	}
	return assemble(assembly{
		Store: s, Accounts: accounts, Rules: demoRules(d.Merchant.ID), DevSecret: d.Secret, GuestKeys: [][]byte{guestKey}, ReturnKeys: [][]byte{returnKey}, Vault: keys,
		Mail: inbox.mailing(), PublicURL: publicURL, Logger: logger,
		Web: func(w *web.Options) { w.Explorer, w.Inbox = onThisMachine(page), inbox.page },
	})
}

// onThisMachine serves a page to browsers that call this machine by its own
// names only. The explorer holds a token: a foreign site whose name was bent to
// this address must not read it.
func onThisMachine(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		host, _, err := net.SplitHostPort(r.Host)
		if err != nil {
			host = r.Host
		}
		if address := net.ParseIP(strings.Trim(host, "[]")); host != "localhost" && address == nil {
			http.Error(w, "The explorer is served at localhost and at this machine's address only.", http.StatusForbidden)
			return
		}
		next.ServeHTTP(w, r)
	})
}

// tellSandbox tells the sandbox where the notifications of each account go.
func tellSandbox(ctx context.Context, sandboxURL, publicURL string) error {
	ctx, cancel := context.WithTimeout(ctx, 5*time.Second)
	defer cancel()
	for _, vendor := range adapters() {
		for _, account := range vendor.Demo(sandboxURL) {
			if account.Notifies == "" {
				continue
			}
			address := publicURL + "/webhooks/" + string(vendor.Name) + "/" + account.Code
			if err := tellNotify(ctx, sandboxURL, string(vendor.Name), account.Notifies, address); err != nil {
				return err
			}
		}
	}
	return nil
}

// tellNotify tells the sandbox where the notifications of one of its accounts go.
func tellNotify(ctx context.Context, sandboxURL, vendor, account, address string) error {
	body, err := json.Marshal(map[string]string{"provider": vendor, "account": account, "url": address})
	if err != nil {
		return err
	}
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, sandboxURL+"/_control/notify", bytes.NewReader(body))
	if err != nil {
		return fmt.Errorf("reach the sandbox: %w", err)
	}
	request.Header.Set("Content-Type", "application/json")
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return fmt.Errorf("reach the sandbox (is `paygraph sandbox` running there?): %w", err)
	}
	defer func() { _ = response.Body.Close() }()
	if response.StatusCode >= http.StatusMultipleChoices {
		return fmt.Errorf("tell the sandbox where to send %s's notifications: it answered %s", vendor, response.Status)
	}
	return nil
}

// greet prints the line for machines on standard output, and the rest for people.
func greet(env environment, publicURL, sandboxURL string, d *demo) {
	_, _ = fmt.Fprintf(env.Stderr, `
  Paygraph is running, with a demo shop and simulated providers.

    explorer   %s/
    GraphQL    %s/graphql
    inbox      %s/inbox/   every mail that the shop sends
    sandbox    %s

    publishable key   %s   for pages
    secret key        %s   for servers
    page access       %s   buy it: product in billCreate

  The explorer has an example that buys a page and watches its payment. Stop with Ctrl+C.

`, publicURL, publicURL, publicURL, sandboxURL, d.PublishableKey, d.SecretKey, d.PageAccess.ID)
	_, _ = fmt.Fprintf(env.Stdout, "paygraph ready addr=%s sandbox=%s publishable_key=%s secret_key=%s operator_token=%s\n",
		strings.TrimPrefix(publicURL, "http://"), sandboxURL, d.PublishableKey, d.SecretKey, d.OperatorToken)
}
