package servers

import (
	"fmt"
	"hash/fnv"
	"math/rand/v2"
	"net/http"
	"path"
	"regexp"
	"strings"
	"sync"
)

// Fault is what goes wrong with one request.
type Fault string

// The faults of a proxy.
const (
	None       Fault = ""
	DropBefore Fault = "dropped before the server saw it"
	DropWithin Fault = "reset in the middle of its body"
	DropAfter  Fault = "done, its answer dropped"
	ResetAfter Fault = "done, its answer reset"
	Busy       Fault = "503 SlowDown"
	Failed     Fault = "done, and answered with an error"
	Truncated  Fault = "half of the answer's body"
	Slow       Fault = "slow bytes"
	Late       Fault = "dropped, and done later"
	Refused    Fault = "403"
)

// Schedule says what goes wrong, by a seed. The fate of a request depends on
// what it asks for and how often that was asked before, and not on the order of
// requests that run at once: a seed repeats its faults.
type Schedule struct {
	Seed   uint64
	Rate   float64 // of requests that something happens to
	Refuse float64 // of writes of data that are refused for good

	// Outage loses every request that publishes in the operation of this name,
	// with or without its work.
	Outage string

	mu        sync.Mutex
	operation string
	asked     map[string]int // by request
	busy      map[string]int // 503s that are still to come
	log       []string
}

// Begin names the operation whose requests come next.
func (s *Schedule) Begin(operation string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.operation, s.asked, s.busy = operation, map[string]int{}, map[string]int{}
}

// Log is what went wrong.
func (s *Schedule) Log() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return strings.Join(s.log, "\n")
}

var nonce = regexp.MustCompile(`-[0-9a-f]{16,}`)

// identity is a request without what differs from run to run.
func identity(r *http.Request) string {
	id := r.Method + " " + nonce.ReplaceAllString(path.Base(r.URL.Path), "-N")
	q := r.URL.Query()
	for _, name := range []string{"uploads", "uploadId"} {
		if q.Has(name) {
			id += " " + name
		}
	}
	if part := q.Get("partNumber"); part != "" {
		id += " part " + part
	}
	return id + " " + r.Header.Get("Range")
}

// of is what happens to a request.
func (s *Schedule) of(r *http.Request) Fault {
	s.mu.Lock()
	defer s.mu.Unlock()
	id := identity(r)
	n := s.asked[id]
	s.asked[id]++
	h := fnv.New64a()
	fmt.Fprintf(h, "%s %s %d", s.operation, id, n)
	f := s.draw(r, id, rand.New(rand.NewPCG(s.Seed, h.Sum64())))
	if f != None {
		s.log = append(s.log, fmt.Sprintf("%s: %s (%d): %s", s.operation, id, n+1, f))
	}
	return f
}

func (s *Schedule) draw(r *http.Request, id string, rng *rand.Rand) Fault {
	publishes := r.Method == http.MethodPut && strings.HasSuffix(r.URL.Path, "/.metadata")
	data := r.Method == http.MethodPut && !publishes
	likely := []Fault{DropBefore, DropAfter, ResetAfter, Busy, Failed, Truncated, Slow}
	if r.ContentLength > 0 {
		likely = append(likely, DropWithin)
	}
	if publishes {
		likely = append(likely, Late)
	}
	f := likely[rng.IntN(len(likely))]
	burst := rng.IntN(3)
	switch {
	case publishes && s.Outage == s.operation:
		return []Fault{DropBefore, DropWithin, ResetAfter, Failed}[rng.IntN(4)]
	case s.busy[id] > 0:
		s.busy[id]--
		return Busy
	case data && rng.Float64() < s.Refuse:
		return Refused
	case rng.Float64() >= s.Rate:
		return None
	}
	if f == Busy {
		s.busy[id] = burst
	}
	return f
}
