package gcs

import (
	"bytes"
	"encoding/base64"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"testing"
	"time"

	"google.golang.org/grpc/status"

	"github.com/godcp/godcp/conformance"
	"github.com/godcp/godcp/fsbase"
)

// bidiWrite takes an upload: in one call, or the next parts of a session.
func (s *stub) bidiWrite(c rpc) error {
	var up *stubSession
	r := stubRequest{kind: "insert"}
	for {
		m, err := c.receive()
		if err != nil {
			if errors.Is(err, io.EOF) {
				return nil
			}
			return err
		}
		s.mu.Lock()
		switch spec := m.sub("writeObjectSpec"); {
		case up != nil:
		case spec != nil:
			r.name, r.match = spec.str("resource", "name"), spec.str("ifGenerationMatch")
			up = &stubSession{name: r.name, match: r.match, resource: resourceOf(spec)}
		default:
			r.kind = "part"
			up = s.sessions[m.str("uploadId")]
		}
		s.mu.Unlock()
		if up == nil {
			return codeOf(http.StatusNotFound)
		}
		if err := s.bidiPart(c, r, up, m); err != nil {
			return err
		}
	}
}

func (s *stub) bidiPart(c rpc, r stubRequest, up *stubSession, m message) error {
	content, err := base64.StdEncoding.DecodeString(m.str("checksummedData", "content"))
	if err != nil {
		return err
	}
	finish, _ := m["finishWrite"].(bool)
	if finish && r.kind == "part" {
		r.kind = "last"
	}
	if sum, ok := m.sub("objectChecksums")["crc32c"].(float64); ok {
		r.hash = base64.StdEncoding.EncodeToString(binary.BigEndian.AppendUint32(nil, uint32(sum)))
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if up.done == nil {
		up.content = append(up.content[:m.int("writeOffset")], content...)
	}
	if r.hash != "" {
		up.resource.CRC32C = r.hash
	}
	if !finish {
		if lookup, _ := m["stateLookup"].(bool); lookup && r.kind == "part" {
			return c.send(message{"persistedSize": len(up.content)})
		}
		return nil
	}
	s.requests = append(s.requests, r)
	var f fault
	if s.fault != nil {
		f = s.fault(r)
	}
	if f.hang {
		s.mu.Unlock()
		<-c.Context().Done()
		s.mu.Lock()
		return c.Context().Err()
	}
	if f.status != 0 && !f.after {
		return codeOf(f.status)
	}
	if up.done == nil {
		switch {
		case up.resource.CRC32C != "" && up.resource.CRC32C != hashOf(up.content):
			return codeOf(http.StatusBadRequest)
		case !s.holds(up.match, up.name):
			return codeOf(http.StatusPreconditionFailed)
		}
		up.done = s.put(up.name, &stubObject{content: bytes.Clone(up.content), metadata: up.resource.Metadata})
	}
	if f.status != 0 {
		return codeOf(f.status)
	}
	return c.send(message{"resource": up.done.proto(up.name)})
}

func TestConformanceToStubOverGRPC(t *testing.T) {
	conformance.Run(t, conformance.Harness{
		New: func(t testing.TB) fsbase.FileSystemBase {
			f := newStub(t).grpcFS(t)
			f.pace = pace{stall: time.Minute, patience: time.Minute}
			return f
		},
		Secrets: []string{"SECRET-"}, CheckpointID: "gs://bucket/run7",
		Limits: conformance.Limits{LargeSize: 600 << 10, HugeSize: 4 << 20, Rounds: 20},
	})
}

// The classes of errors are the same over gRPC, and the status is reachable.
func TestFaultsOverGRPC(t *testing.T) {
	for name, c := range map[string]struct {
		fault fault
		times int
		write []error // nil: it succeeds
		stat  []error
	}{
		"unavailable once":     {fault: fault{status: 503}, times: 1},
		"answer lost":          {fault: fault{status: 503, after: true}, times: 1},
		"unavailable for ever": {fault{status: 503}, always, []error{fsbase.ErrCommitUnknown}, []error{}},
		"throttled for ever":   {fault{status: 429}, always, []error{fsbase.ErrThrottled}, []error{fsbase.ErrThrottled}},
		"forbidden":            {fault{status: 403}, always, []error{fs.ErrPermission}, []error{fs.ErrPermission}},
		"no answer once":       {fault: fault{hang: true}, times: 1},
	} {
		for _, size := range []int{100, 600 << 10} {
			t.Run(fmt.Sprintf("%s/%d", name, size), func(t *testing.T) {
				t.Parallel()
				s := newStub(t)
				f := s.grpcFS(t)
				if c.times > 1 {
					f.pace.patience = impatient.patience
				} else {
					f.pace.stall = impatient.stall
				}
				content := bytes.Repeat([]byte("x"), size)
				s.fault = times(c.times, c.fault, "insert", "last")
				w, err := f.CreateExclusive(t.Context(), "a")
				_, err = write(w, err, content)
				s.mu.Lock()
				s.fault = times(c.times, c.fault, "stat")
				there := s.objects["a"]
				s.mu.Unlock()
				wantClass(t, err, c.write...)
				if err == nil && (there == nil || !bytes.Equal(there.content, content)) {
					t.Error("not published")
				}
				if c.write != nil && there != nil {
					t.Errorf("published: %v", err)
				}
				if there == nil {
					_, err = f.Stat(t.Context(), "a")
					wantClass(t, err, c.stat...)
					if _, ok := status.FromError(errors.Unwrap(err)); !ok {
						t.Errorf("the status is not reachable: %v", err)
					}
				}
			})
		}
	}
}

// A session that is given up publishes nothing, however fast the client is in
// sending what it has.
func TestAbandonOverGRPC(t *testing.T) {
	s := newStub(t)
	f := s.grpcFS(t)
	content := make([]byte, f.chunk+100)
	for range 100 {
		w, err := f.CreateStream(t.Context(), "a")
		if err != nil {
			t.Fatal(err)
		}
		if _, err := w.Write(content); err != nil {
			t.Fatal(err)
		}
		if err := w.Close(); err != nil {
			t.Fatal(err)
		}
	}
	if s.object("a") != nil {
		t.Error("a stream that was closed is published")
	}
}
