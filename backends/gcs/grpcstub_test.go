package gcs

import (
	"encoding/base64"
	"encoding/json"
	"errors"
	"hash/crc32"
	"maps"
	"net"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"cloud.google.com/go/storage"
	"google.golang.org/api/option"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/reflect/protoregistry"
)

// grpcFS is a bucket of the stub over gRPC. The Go types of the protocol are
// not ours to import, so the stub finds them in the registry of the process
// and speaks their JSON form.
func (s *stub) grpcFS(t testing.TB) *FS {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	srv := grpc.NewServer(grpc.UnknownServiceHandler(s.serveGRPC))
	done := make(chan error, 1)
	go func() { done <- srv.Serve(l) }()
	t.Cleanup(func() {
		srv.Stop()
		// A short test stops it before it has begun.
		if err := <-done; err != nil && !errors.Is(err, grpc.ErrServerStopped) {
			t.Error(err)
		}
	})
	c, err := storage.NewGRPCClient(t.Context(), option.WithEndpoint(l.Addr().String()), option.WithoutAuthentication(),
		option.WithGRPCDialOption(grpc.WithTransportCredentials(insecure.NewCredentials())),
		option.WithGRPCConnectionPool(1), storage.WithDisabledClientMetrics())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	f, err := New(c, "bucket")
	if err != nil {
		t.Fatal(err)
	}
	f.chunk = 256 << 10
	f.pace = pace{stall: 2 * time.Second, patience: 4 * time.Second}
	return f
}

// message is the JSON form of a protocol message.
type message map[string]any

func (m message) str(path ...string) string {
	for _, p := range path[:len(path)-1] {
		m, _ = m[p].(map[string]any)
	}
	s, _ := m[path[len(path)-1]].(string)
	return s
}

func (m message) int(path ...string) int {
	n, _ := strconv.Atoi(m.str(path...)) // 64-bit numbers are strings, and absent is 0
	return n
}

func (m message) sub(key string) message { s, _ := m[key].(map[string]any); return s }

// rpc is one call.
type rpc struct {
	grpc.ServerStream
	method protoreflect.MethodDescriptor
}

func (s *stub) serveGRPC(_ any, stream grpc.ServerStream) error {
	full, _ := grpc.MethodFromServerStream(stream)
	name := strings.ReplaceAll(strings.Trim(full, "/"), "/", ".")
	d, err := protoregistry.GlobalFiles.FindDescriptorByName(protoreflect.FullName(name))
	if err != nil {
		return status.Error(codes.Unimplemented, name)
	}
	c := rpc{stream, d.(protoreflect.MethodDescriptor)}
	if c.method.Name() == "BidiWriteObject" {
		return s.bidiWrite(c)
	}
	m, err := c.receive()
	if err != nil {
		return err
	}
	switch c.method.Name() {
	case "GetObject":
		return s.answer(c, stubRequest{kind: "stat", name: m.str("object")}, m)
	case "ReadObject":
		return s.answer(c, stubRequest{kind: "read", name: m.str("object")}, m)
	case "DeleteObject":
		return s.answer(c, stubRequest{kind: "delete", name: m.str("object")}, m)
	case "MoveObject":
		return s.answer(c, stubRequest{kind: "move", name: m.str("sourceObject"), query: url.Values{"to": {m.str("destinationObject")}}}, m)
	case "RewriteObject":
		return s.answer(c, stubRequest{kind: "copy", name: m.str("sourceObject"), query: url.Values{"to": {m.str("destinationName")}}}, m)
	case "ListObjects":
		return s.answer(c, stubRequest{kind: "list"}, m)
	case "QueryWriteStatus":
		return s.answer(c, stubRequest{kind: "query", name: m.str("uploadId")}, m)
	case "StartResumableWrite":
		return s.answer(c, stubRequest{kind: "session", name: m.str("writeObjectSpec", "resource", "name")}, m.sub("writeObjectSpec"))
	}
	return status.Error(codes.Unimplemented, name)
}

func (c rpc) receive() (message, error) {
	t, err := protoregistry.GlobalTypes.FindMessageByName(c.method.Input().FullName())
	if err != nil {
		return nil, err
	}
	in := t.New().Interface()
	if err := c.RecvMsg(in); err != nil {
		return nil, err
	}
	// The mask "*" of a read has no JSON form.
	if mask := in.ProtoReflect().Descriptor().Fields().ByName("read_mask"); mask != nil {
		in.ProtoReflect().Clear(mask)
	}
	text, err := protojson.Marshal(in)
	if err != nil {
		return nil, err
	}
	m := message{}
	return m, json.Unmarshal(text, &m)
}

func (c rpc) send(v any) error {
	t, err := protoregistry.GlobalTypes.FindMessageByName(c.method.Output().FullName())
	if err != nil {
		return err
	}
	text, err := json.Marshal(v)
	if err != nil {
		return err
	}
	out := t.New().Interface()
	if err := protojson.Unmarshal(text, out); err != nil {
		return err
	}
	return c.SendMsg(out)
}

// answer records a request, carries it out, and fails it on command.
func (s *stub) answer(c rpc, r stubRequest, m message) error {
	r.match = m.str("ifGenerationMatch")
	source := m.str("ifSourceGenerationMatch")
	s.mu.Lock()
	s.requests = append(s.requests, r)
	var f fault
	if s.fault != nil {
		f = s.fault(r)
	}
	if f.hang {
		s.mu.Unlock()
		<-c.Context().Done()
		return c.Context().Err()
	}
	if f.status != 0 && !f.after {
		s.mu.Unlock()
		return codeOf(f.status)
	}
	if r.kind != "move" && r.kind != "copy" {
		source = r.match
	}
	v, err := s.carryOut(r, m, source)
	s.mu.Unlock()
	if err == nil && f.status != 0 {
		err = codeOf(f.status)
	}
	if err != nil {
		return err
	}
	return c.send(v)
}

func codeOf(httpStatus int) error {
	code, ok := map[int]codes.Code{
		http.StatusNotFound: codes.NotFound, http.StatusPreconditionFailed: codes.FailedPrecondition,
		http.StatusForbidden: codes.PermissionDenied, http.StatusTooManyRequests: codes.ResourceExhausted,
		http.StatusBadRequest: codes.InvalidArgument,
	}[httpStatus]
	if !ok {
		code = codes.Unavailable
	}
	return status.Error(code, "the stub says so")
}

// carryOut does what a call of one message wants. The caller holds the lock.
func (s *stub) carryOut(r stubRequest, m message, source string) (any, error) {
	switch r.kind {
	case "list":
		var objects []any
		next, last := "", ""
		for _, name := range slices.Sorted(maps.Keys(s.objects)) {
			if name <= m.str("pageToken") || !strings.HasPrefix(name, m.str("prefix")) {
				continue
			}
			if size, _ := m["pageSize"].(float64); len(objects) == int(size) {
				next = last
				break
			}
			last = name
			objects = append(objects, s.objects[name].proto(name))
		}
		return message{"objects": objects, "nextPageToken": next}, nil
	case "session":
		if !s.holds(r.match, r.name) {
			return nil, codeOf(http.StatusPreconditionFailed)
		}
		id := "SECRET-" + strconv.Itoa(len(s.sessions))
		s.sessions[id] = &stubSession{name: r.name, match: r.match, resource: resourceOf(m)}
		return message{"uploadId": id}, nil
	}
	o, to := s.objects[r.name], r.query.Get("to")
	switch up := s.sessions[r.name]; {
	case r.kind == "query" && up != nil && up.done != nil:
		return message{"resource": up.done.proto(up.name)}, nil
	case r.kind == "query" && up != nil:
		return message{"persistedSize": len(up.content)}, nil
	case o == nil:
		return nil, codeOf(http.StatusNotFound)
	case !s.holds(source, r.name), r.kind == "copy" && !s.holds(r.match, to):
		return nil, codeOf(http.StatusPreconditionFailed)
	}
	switch r.kind {
	case "read":
		first := m.int("readOffset")
		if first > 0 && first >= len(o.content) {
			return nil, status.Error(codes.OutOfRange, "past the end")
		}
		part := o.content[first:]
		if n := m.int("readLimit"); n > 0 && n < len(part) {
			part = part[:n]
		}
		return message{
			"metadata":        o.proto(r.name),
			"objectChecksums": message{"crc32c": crc32.Checksum(o.content, castagnoli)},
			"checksummedData": message{"content": base64.StdEncoding.EncodeToString(part), "crc32c": crc32.Checksum(part, castagnoli)},
			"contentRange":    message{"start": first, "end": first + len(part), "completeLength": len(o.content)},
		}, nil
	case "delete":
		delete(s.objects, r.name)
		return message{}, nil
	case "move":
		delete(s.objects, r.name)
		return s.put(to, &stubObject{content: o.content, metadata: o.metadata}).proto(to), nil
	case "copy":
		c := s.put(to, &stubObject{content: o.content, metadata: metadataOf(m.sub("destination"))})
		return message{"done": true, "objectSize": len(o.content), "totalBytesRewritten": len(o.content), "resource": c.proto(to)}, nil
	}
	return o.proto(r.name), nil // stat
}

func (o *stubObject) proto(name string) message {
	return message{
		"name": name, "bucket": "projects/_/buckets/bucket", "size": len(o.content), "generation": o.generation,
		"updateTime": o.updated.UTC().Format(time.RFC3339Nano), "metadata": o.metadata,
		"checksums": message{"crc32c": crc32.Checksum(o.content, castagnoli)},
	}
}

func resourceOf(spec message) stubResource {
	return stubResource{Metadata: metadataOf(spec.sub("resource"))}
}

func metadataOf(resource message) map[string]string {
	metadata := map[string]string{}
	for k, v := range resource.sub("metadata") {
		metadata[k], _ = v.(string)
	}
	return metadata
}
