package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"

	"github.com/paygraph/paygraph/internal/notify"
	"github.com/paygraph/paygraph/internal/notify/mailsink"
	"github.com/paygraph/paygraph/internal/pay"
)

// inbox is dev's own mail server: what the shop sends lands there, and on a page.
type inbox struct {
	sink     *mailsink.Sink
	listener net.Listener
	page     http.Handler
	sender   notify.Sender
}

// openInbox opens the mail server on a free port of this machine. Run it, or close
// it.
func openInbox(ctx context.Context, clock pay.Clock) (*inbox, error) {
	listener, err := listen(ctx, "127.0.0.1:0")
	if err != nil {
		return nil, fmt.Errorf("listen for mail: %w", err)
	}
	i := &inbox{sink: mailsink.New(mailsink.Options{Clock: clock}), listener: listener}
	if i.page, err = i.sink.Handler(); err != nil {
		return nil, errors.Join(err, listener.Close())
	}
	address, _ := listener.Addr().(*net.TCPAddr)
	i.sender, err = notify.NewServer(notify.SMTP{Host: "127.0.0.1", Port: address.Port, TLS: notify.NoTLS})
	if err != nil {
		return nil, errors.Join(err, listener.Close())
	}
	return i, nil
}

func (i *inbox) mailing() mailing {
	return mailing{Sender: i.sender, From: "shop@demo.example"}
}

// run takes mail until ctx ends.
func (i *inbox) run(ctx context.Context) error { return i.sink.Serve(ctx, i.listener) }

func (i *inbox) close() error { return i.listener.Close() }
