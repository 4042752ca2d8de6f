package events

import (
	"sync"
	"sync/atomic"

	"github.com/paygraph/paygraph/internal/pay"
)

// Topic is what a Subscription watches: one bill, or all bills of a merchant or
// of a user.
type Topic struct {
	kind topicKind
	id   [16]byte
}

type topicKind byte

const (
	billTopic topicKind = iota + 1
	merchantTopic
	userTopic
)

// BillTopic is every change of one bill.
func BillTopic(id pay.BillID) Topic { return Topic{kind: billTopic, id: [16]byte(id.Bytes())} }

// MerchantTopic is every change of a merchant's bills.
func MerchantTopic(id pay.MerchantID) Topic {
	return Topic{kind: merchantTopic, id: [16]byte(id.Bytes())}
}

// UserTopic is every change of the bills of which the user is the payer.
func UserTopic(id pay.UserID) Topic { return Topic{kind: userTopic, id: [16]byte(id.Bytes())} }

// shards is how many locks share the topics. An id's last byte is random.
const shards = 64

// Hub wakes the subscriptions of this process. The zero Hub is not usable; its
// methods are safe for concurrent use and none of them waits for a subscriber.
type Hub struct {
	shards [shards]shard
	count  atomic.Int64
}

type shard struct {
	mu     sync.Mutex
	topics map[Topic]*Subscription // the first of a list
}

// NewHub returns a Hub without subscriptions.
func NewHub() *Hub {
	h := &Hub{}
	for at := range h.shards {
		h.shards[at].topics = map[Topic]*Subscription{}
	}
	return h
}

// Len returns how many subscriptions are open.
func (h *Hub) Len() int { return int(h.count.Load()) }

// Publish wakes whoever watches the bill, its merchant or its user. It is safe
// to repeat: a bill's watchers are woken once a version. Publish after the
// commit; who wakes earlier reads the old version.
func (h *Hub) Publish(changes ...Change) {
	for _, c := range changes {
		h.publishBill(c)
		h.wake(MerchantTopic(c.Merchant), 0)
		if !c.User.IsZero() {
			h.wake(UserTopic(c.User), 0)
		}
	}
}

// publishBill wakes only who watches the bill itself.
func (h *Hub) publishBill(c Change) { h.wake(BillTopic(c.Bill), int64(c.Version)) }

// wake wakes a topic's subscriptions; those of a bill that have heard of the
// version are left alone.
func (h *Hub) wake(t Topic, version int64) {
	s := h.shard(t)
	s.mu.Lock()
	defer s.mu.Unlock()
	for sub := s.topics[t]; sub != nil; sub = sub.next {
		if t.kind == billTopic {
			if version <= sub.latest.Load() {
				continue
			}
			sub.latest.Store(version)
		}
		select {
		case sub.c <- struct{}{}:
		default: // not yet awake from the last time
		}
	}
}

func (h *Hub) shard(t Topic) *shard { return &h.shards[t.id[15]%shards] }

// Subscription is one watcher of a Topic. It holds a wake-up, never a queue: a
// slow reader gets the latest state. It needs no goroutine.
type Subscription struct {
	hub        *Hub
	topic      Topic
	closed     bool // guarded by the shard, as are next and prev
	next, prev *Subscription
	latest     atomic.Int64
	c          chan struct{}
}

// Subscribe registers a watcher of t until its Close. Changes that were
// published before are not told.
func (h *Hub) Subscribe(t Topic) *Subscription {
	sub := &Subscription{hub: h, topic: t, c: make(chan struct{}, 1)}
	s := h.shard(t)
	s.mu.Lock()
	defer s.mu.Unlock()
	if first := s.topics[t]; first != nil {
		first.prev, sub.next = sub, first
	}
	s.topics[t] = sub
	h.count.Add(1)
	return sub
}

// C has a value when something was published since the last one was taken. It
// is never closed: wait on the reader's context too.
func (s *Subscription) C() <-chan struct{} { return s.c }

// Latest returns the newest version published of a BillTopic since Subscribe,
// and 0 when there was none: a reader that has shown it need not read again. Of
// the other topics it is 0.
func (s *Subscription) Latest() int { return int(s.latest.Load()) }

// Close ends the subscription. It may be repeated.
func (s *Subscription) Close() {
	home := s.hub.shard(s.topic)
	home.mu.Lock()
	defer home.mu.Unlock()
	if s.closed {
		return
	}
	s.closed = true
	s.hub.count.Add(-1)
	if s.next != nil {
		s.next.prev = s.prev
	}
	switch {
	case s.prev != nil:
		s.prev.next = s.next
	case s.next != nil:
		home.topics[s.topic] = s.next
	default:
		delete(home.topics, s.topic)
	}
	s.next, s.prev = nil, nil
}
