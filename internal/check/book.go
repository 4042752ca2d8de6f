package check

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"
	"time"
)

// How the book is read.
const (
	bookTimeout  = 30 * time.Second // of one page
	bookPage     = 500              // entries of one page
	bookPageSize = 4 << 20          // bytes of one page at most
)

var errBadBook = errors.New("the book makes no sense")

// bookEntry is one order in the sandbox's book: GET /_control/captures.
type bookEntry struct {
	Seq           int64     `json:"seq"`
	Provider      string    `json:"provider"`
	OrderRef      string    `json:"orderRef"`
	Kind          string    `json:"kind"` // "payment", or "verification": a card check that is given back
	Currency      string    `json:"currency"`
	CapturedMinor int64     `json:"capturedMinor"`
	RefundedMinor int64     `json:"refundedMinor"`
	Captures      int       `json:"captures"` // how many times money was really taken
	At            time.Time `json:"at"`       // when money was first held or taken
}

// readBook calls f for every entry of the book, page by page.
func (c *checker) readBook(ctx context.Context, f func(e bookEntry)) error {
	for after := int64(0); ; {
		page, err := c.bookPage(ctx, after)
		if err != nil {
			return fmt.Errorf("read the book after entry %d: %w", after, err)
		}
		if len(page) == 0 {
			return nil
		}
		for _, e := range page {
			if e.Seq <= after {
				return fmt.Errorf("%w: entry %d comes after entry %d", errBadBook, e.Seq, after)
			}
			after = e.Seq
			f(e)
		}
	}
}

func (c *checker) bookPage(ctx context.Context, after int64) (page []bookEntry, err error) {
	url := strings.TrimSuffix(c.Sandbox, "/") + "/_control/captures?limit=" + strconv.Itoa(bookPage) + "&after=" + strconv.FormatInt(after, 10)
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return nil, err
	}
	response, err := c.HTTP.Do(request)
	if err != nil {
		return nil, err
	}
	defer func() { _ = response.Body.Close() }()
	if response.StatusCode != http.StatusOK {
		return nil, fmt.Errorf("%w: it answers %s", errBadBook, response.Status)
	}
	if err := json.NewDecoder(io.LimitReader(response.Body, bookPageSize)).Decode(&page); err != nil {
		return nil, fmt.Errorf("%w: %w", errBadBook, err)
	}
	return page, nil
}
