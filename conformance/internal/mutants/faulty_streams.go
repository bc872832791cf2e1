package mutants

import (
	"github.com/godcp/godcp/fsbase"
)

// stream is a writer with methods replaced; nil keeps the method.
type stream struct {
	*writer
	write  func([]byte) (int, error)
	commit func() (fsbase.Info, error)
	close  func() error
}

func (s *stream) Write(p []byte) (int, error) {
	if s.write != nil {
		return s.write(p)
	}
	return s.writer.Write(p)
}

func (s *stream) Commit() (fsbase.Info, error) {
	if s.commit != nil {
		return s.commit()
	}
	return s.writer.Commit()
}

func (s *stream) Close() error {
	if s.close != nil {
		return s.close()
	}
	return s.writer.Close()
}

// writing makes faults of a function that makes a stream of a writer.
func writing(f func(v *variant, w *writer) *stream) faults {
	return faults{writer: func(v *variant, w *writer, _ fsbase.Condition) fsbase.WriteStream {
		s := f(v, w)
		s.writer = w
		return s
	}}
}

// publishing makes faults of what Commit does with the data of a stream. publish
// is what it should do.
func publishing(f func(v *variant, w *writer, data []byte, cond fsbase.Condition, publish func() (fsbase.Info, error)) (fsbase.Info, error)) faults {
	return faults{writer: func(v *variant, w *writer, cond fsbase.Condition) fsbase.WriteStream {
		publish := w.publish
		w.publish = func(data []byte) (fsbase.Info, error) {
			return f(v, w, data, cond, func() (fsbase.Info, error) { return publish(data) })
		}
		return w
	}}
}

// view is a reader with methods replaced; nil keeps the method.
type view struct {
	*reader
	readAt func(p []byte, off int64) (int, error)
	close  func() error
	info   func() fsbase.Info
}

func (r *view) ReadAt(p []byte, off int64) (int, error) {
	if r.readAt != nil {
		return r.readAt(p, off)
	}
	return r.reader.ReadAt(p, off)
}

func (r *view) Close() error {
	if r.close != nil {
		return r.close()
	}
	return r.reader.Close()
}

func (r *view) Info() fsbase.Info {
	if r.info != nil {
		return r.info()
	}
	return r.reader.Info()
}

// reading makes faults of a function that makes a view of a reader.
func reading(f func(v *variant, r *reader) *view) faults {
	return faults{reader: func(v *variant, r *reader) fsbase.ReadStream {
		w := f(v, r)
		w.reader = r
		return w
	}}
}
