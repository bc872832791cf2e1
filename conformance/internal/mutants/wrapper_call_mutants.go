package mutants

import (
	"bytes"
	"context"
	"errors"
	"path"
	"strings"
	"time"

	"github.com/godcp/godcp/fsbase"
)

var callWrappers = []Wrapper{
	{
		Name: "drops the context", Kills: []string{"wrapper/contexts"},
		Wrap: with(faulty{context: func(context.Context) context.Context { return context.Background() }}),
	},
	{
		Name: "passes the end of the context and not its values", Kills: []string{"wrapper/contexts"},
		Wrap: with(faulty{context: func(ctx context.Context) context.Context {
			bare, cancel := context.WithCancelCause(context.Background())
			context.AfterFunc(ctx, func() { cancel(context.Cause(ctx)) })
			return bare
		}}),
	},
	{
		Name: "passes the values of the context and not its end", Kills: []string{"wrapper/contexts"},
		Wrap: with(faulty{context: context.WithoutCancel}),
	},
	{
		Name: "gives every call a minute of its own", Kills: []string{"wrapper/contexts"},
		Wrap: with(faulty{context: func(ctx context.Context) context.Context {
			ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), time.Minute)
			context.AfterFunc(ctx, cancel)
			return ctx
		}}),
	},
	{
		Name: "rewrites errors with %v", Kills: []string{"wrapper/errors", "wrapper/stream-errors"},
		Wrap: with(faulty{fail: unwrapped}),
	},
	{
		Name: "keeps the sentinel and loses the type", Kills: []string{"wrapper/errors"},
		Wrap: with(faulty{fail: sentinelOnly}),
	},
	{
		Name: "Exists is false where it cannot be known", Kills: []string{"wrapper/errors"},
		Wrap: with(faulty{exists: func(ok bool, _ error) (bool, error) { return ok, nil }}),
	},
	{
		Name: "a Commit that failed is nil", Kills: []string{"wrapper/stream-errors"},
		Wrap: with(faulty{writer: func(w *prefixedWriter) fsbase.WriteStream { return optimist{w} }}),
	},
	{
		Name: "a Write that failed is forgotten", Kills: []string{"wrapper/stream-errors"},
		Wrap: with(faulty{writer: func(w *prefixedWriter) fsbase.WriteStream { return &forgetful{prefixedWriter: w} }}),
	},
	{
		Name: "errors have the path inside", Kills: []string{"wrapper/error-paths"},
		Wrap: with(faulty{errorPath: func(_ *prefixed, full string) string { return full }}),
	},
	{
		Name: "Infos have the path inside", Kills: []string{"info/commit", "list/order", "removeall/prefix"},
		Wrap: with(faulty{own: func(_ *prefixed, full string) string { return full }}),
	},
	{
		Name: "List has the prefix twice", Kills: []string{"list/order"},
		Wrap: with(faulty{prefixOf: func(p *prefixed, prefix string) string { return p.prefix + p.prefix + prefix }}),
	},
	{
		Name: "List begins with the folder and no slash", Kills: []string{"wrapper/escape"},
		Wrap: with(faulty{prefixOf: func(p *prefixed, prefix string) string {
			return strings.TrimSuffix(p.prefix, "/") + prefix
		}}),
	},
	{
		Name: "joins paths by cleaning them", Kills: []string{"wrapper/escape", "names/invalid-path"},
		Wrap: with(faulty{
			invalid: func(string) bool { return false },
			full:    func(p *prefixed, name string) string { return path.Join(p.prefix, name) },
		}),
	},
	{
		Name: "RmFile waits for a sweep that never comes", Kills: []string{"wrapper/asks"},
		Wrap: with(faulty{remove: func(*prefixed, string) bool { return true }}),
	},
	{
		Name: "buffers the stream and commits at Close", Kills: []string{"write/close-discards", "write/commit-publishes"},
		Wrap: with(faulty{writer: func(w *prefixedWriter) fsbase.WriteStream { return &late{prefixedWriter: w} }}),
	},
}

// optimist commits, or says so.
type optimist struct{ *prefixedWriter }

func (w optimist) Commit() (fsbase.Info, error) {
	info, _ := w.prefixedWriter.Commit()
	return info, nil
}

// forgetful tells neither at Write nor at Commit that a Write has failed.
type forgetful struct {
	*prefixedWriter
	failed bool
}

func (w *forgetful) Write(p []byte) (int, error) {
	if _, err := w.prefixedWriter.Write(p); err != nil {
		w.failed = true
	}
	return len(p), nil
}

func (w *forgetful) Commit() (fsbase.Info, error) {
	info, err := w.prefixedWriter.Commit()
	if w.failed {
		return info, nil
	}
	return info, err
}

// late writes and commits when it is closed.
type late struct {
	*prefixedWriter
	buf bytes.Buffer
}

func (w *late) Write(p []byte) (int, error) { return w.buf.Write(p) }

func (w *late) Commit() (fsbase.Info, error) { return fsbase.Info{Version: "later"}, nil }

func (w *late) Close() error {
	if _, err := w.prefixedWriter.Write(w.buf.Bytes()); err == nil {
		_, err = w.prefixedWriter.Commit()
		return err
	}
	return w.prefixedWriter.Close()
}

// sentinelOnly keeps what errors.Is finds.
func sentinelOnly(err error) error {
	for _, s := range sentinels {
		if errors.Is(err, s) {
			return failed("wrapper", pathOf(err), s)
		}
	}
	return err
}
