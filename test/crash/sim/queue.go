package sim

import (
	"container/heap"
	"time"
)

// event is something that the world outside does at a time of its own.
type event struct {
	at  time.Time
	seq int // of events of one instant, the first that was planned comes first
	do  func()
}

// queue is what is planned, the earliest first.
type queue struct {
	list []event
	seq  int
}

func (q *queue) add(at time.Time, do func()) {
	q.seq++
	heap.Push((*byTime)(&q.list), event{at: at, seq: q.seq, do: do})
}

// next returns the time of the earliest event.
func (q *queue) next() (time.Time, bool) {
	if len(q.list) == 0 {
		return time.Time{}, false
	}
	return q.list[0].at, true
}

func (q *queue) take() event {
	e, _ := heap.Pop((*byTime)(&q.list)).(event)
	return e
}

// byTime is a heap.
type byTime []event

func (e byTime) Len() int { return len(e) }
func (e byTime) Less(i, j int) bool {
	if !e[i].at.Equal(e[j].at) {
		return e[i].at.Before(e[j].at)
	}
	return e[i].seq < e[j].seq
}
func (e byTime) Swap(i, j int) { e[i], e[j] = e[j], e[i] }
func (e *byTime) Push(x any) {
	if added, ok := x.(event); ok {
		*e = append(*e, added)
	}
}

func (e *byTime) Pop() any {
	last := len(*e) - 1
	taken := (*e)[last]
	(*e)[last] = event{}
	*e = (*e)[:last]
	return taken
}
