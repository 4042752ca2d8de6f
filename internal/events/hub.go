package events

import (
	"sync"
	"sync/atomic"

	"github.com/paygraph/paygraph/internal/pay"
)

// Topic is what a Subscription watches: one object, or all of a kind that a
// merchant or a user has.
type Topic struct {
	kind topicKind
	id   [16]byte
}

type topicKind byte

const (
	billTopic topicKind = iota + 1
	registrationTopic
	subscriptionTopic
	merchantTopic
	userTopic
	userSubscriptionsTopic
)

// isOne reports whether a topic is of one object, whose versions are counted.
func (k topicKind) isOne() bool {
	return k == billTopic || k == registrationTopic || k == subscriptionTopic
}

// BillTopic is every change of one bill.
func BillTopic(id pay.BillID) Topic { return Topic{kind: billTopic, id: [16]byte(id.Bytes())} }

// RegistrationTopic is every change of one card registration.
func RegistrationTopic(id pay.CardRegistrationID) Topic {
	return Topic{kind: registrationTopic, id: [16]byte(id.Bytes())}
}

// SubscriptionTopic is every change of one billing subscription.
func SubscriptionTopic(id pay.SubscriptionID) Topic {
	return Topic{kind: subscriptionTopic, id: [16]byte(id.Bytes())}
}

// MerchantTopic is every change of a merchant's bills.
func MerchantTopic(id pay.MerchantID) Topic {
	return Topic{kind: merchantTopic, id: [16]byte(id.Bytes())}
}

// UserTopic is every change of the bills of which the user is the payer.
func UserTopic(id pay.UserID) Topic { return Topic{kind: userTopic, id: [16]byte(id.Bytes())} }

// UserSubscriptionsTopic is every change of the user's billing subscriptions.
func UserSubscriptionsTopic(id pay.UserID) Topic {
	return Topic{kind: userSubscriptionsTopic, id: [16]byte(id.Bytes())}
}

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

// Publish wakes whoever watches the object, or all that its merchant or user has
// of its kind. It is safe to repeat: an object's watchers are woken once a
// version. Publish after the commit; who wakes earlier reads the old version.
func (h *Hub) Publish(changes ...Change) {
	for _, c := range changes {
		h.publishOne(c)
		switch {
		case !c.Bill.IsZero():
			h.wake(MerchantTopic(c.Merchant), 0)
			if !c.User.IsZero() {
				h.wake(UserTopic(c.User), 0)
			}
		case !c.Subscription.IsZero():
			h.wake(UserSubscriptionsTopic(c.User), 0)
		}
	}
}

// publishOne wakes only who watches the object itself.
func (h *Hub) publishOne(c Change) {
	switch {
	case !c.Bill.IsZero():
		h.wake(BillTopic(c.Bill), int64(c.Version))
	case !c.Registration.IsZero():
		h.wake(RegistrationTopic(c.Registration), int64(c.Version))
	case !c.Subscription.IsZero():
		h.wake(SubscriptionTopic(c.Subscription), int64(c.Version))
	}
}

// wake wakes a topic's subscriptions; those of one object that have heard of the
// version are left alone.
func (h *Hub) wake(t Topic, version int64) {
	s := h.shard(t)
	s.mu.Lock()
	defer s.mu.Unlock()
	for sub := s.topics[t]; sub != nil; sub = sub.next {
		if t.kind.isOne() {
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

// Latest returns the newest version published since Subscribe of the one object
// that is watched, and 0 when there was none: a reader that has shown it need not
// read again. Of topics of many it is 0.
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
