package sandbox

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net/http"
	"time"
)

// maxBody is the largest request that a vendor reads.
const maxBody = 1 << 20

// garbage is what a broken proxy in front of a gateway answers.
const garbage = "<!DOCTYPE html>\n<html><head><title>Welcome to nginx!</title></head><body><h1>It works<br>\n"

// serve runs one vendor's route: read the request, let the faults strike, do
// the work, write the state file, and only then answer. The answer is held
// back until here, so that what a client has read is never forgotten.
//
// A gateway finishes its work when the caller hangs up. So does this: the
// handler's context does not end with the connection.
func (s *Server) serve(provider string, route Route) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxBody))
		if err != nil {
			if tooLarge := new(http.MaxBytesError); errors.As(err, &tooLarge) {
				http.Error(w, "request too large", http.StatusRequestEntityTooLarge)
			}
			return
		}
		r = r.WithContext(context.WithoutCancel(r.Context()))
		op := route.Op
		if route.OpOf != nil {
			r.Body = io.NopCloser(bytes.NewReader(body))
			op = route.OpOf(r)
		}
		r.Body = io.NopCloser(bytes.NewReader(body))

		hit := s.faults.draw(provider, op)
		if !s.sleep(hit.delay) || hit.kind == RefuseConnect {
			cut(w)
			return
		}
		if hit.kind == HTTP500 {
			http.Error(w, "Internal Server Error", http.StatusInternalServerError)
			return
		}
		answer := newAnswer()
		route.Handler(answer, r)
		if err := s.store.flush(); err != nil {
			s.log.Error("sandbox state is not kept", "provider", provider, "path", route.Path, "err", err)
			http.Error(w, "Internal Server Error", http.StatusInternalServerError)
			return
		}
		if hit.kind == DropReply {
			cut(w)
			return
		}
		if hit.kind == Garbage {
			w.Header().Set("Content-Type", "text/html")
			_, _ = io.WriteString(w, garbage)
			return
		}
		answer.writeTo(w)
	})
}

// sleep waits d of real time and reports whether the server still lives.
func (s *Server) sleep(d time.Duration) bool {
	if d <= 0 {
		return true
	}
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return true
	case <-s.life.Done():
		return false
	}
}

// cut closes the connection without a byte of answer.
func cut(w http.ResponseWriter) {
	conn, _, err := http.NewResponseController(w).Hijack()
	if err != nil {
		panic(http.ErrAbortHandler) // HTTP/2: resets the stream
	}
	_ = conn.Close()
}

// answer holds a response back.
type answer struct {
	header http.Header
	status int
	body   bytes.Buffer
}

func newAnswer() *answer { return &answer{header: http.Header{}, status: http.StatusOK} }

func (a *answer) Header() http.Header         { return a.header }
func (a *answer) WriteHeader(status int)      { a.status = status }
func (a *answer) Write(p []byte) (int, error) { return a.body.Write(p) }

func (a *answer) writeTo(w http.ResponseWriter) {
	for k, v := range a.header {
		w.Header()[k] = v
	}
	w.WriteHeader(a.status)
	_, _ = w.Write(a.body.Bytes()) // a client that hung up misses the answer, as it would anywhere
}
