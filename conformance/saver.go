package conformance

import (
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"strings"

	"github.com/godcp/godcp/fsbase"
)

// saver is a checkpoint saver in small: ranks write files that nobody else
// names, then one conditional commit of a manifest makes them the checkpoint,
// then the files that the old manifest named go. It is killed before any of its
// calls.
type saver struct {
	ranks      []*trial // each with the handle of its process
	dir        string
	generation int
	calls      int // how many it may make
	published  bool

	open []fsbase.WriteStream // what it leaves behind
}

var errKilled = errors.New("killed")

// ranksOfSaver is how many write.
const ranksOfSaver = 8

func (s *saver) manifest() string { return s.ranks[0].path(s.dir + "/manifest") }

// part is the content of a rank's file.
func part(generation, rank int) []byte {
	return content(uint64(100*generation+rank), 2000+100*rank)
}

// call makes one call of the storage, if the saver lives so long.
func (s *saver) call(f func() error) error {
	if s.calls == 0 {
		return errKilled
	}
	s.calls--
	return f()
}

// save is all of a transaction.
func (s *saver) save() error {
	lead, manifest := s.ranks[0], s.manifest()
	var old set
	err := s.call(func() (err error) {
		old, err = lead.readSet(manifest)
		return err
	})
	if err != nil {
		return err
	}
	names, err := s.writeParts(old.version == "")
	if err != nil {
		return err
	}
	if err := s.publish(lead, manifest, old.version, names); err != nil {
		return err
	}
	for _, name := range old.names {
		if err := s.call(func() error { return lead.fs.RmFile(lead.ctx, name) }); err != nil {
			return fmt.Errorf("removing %q: %w", name, err)
		}
	}
	return nil
}

// writeParts lets the ranks create, write and commit their files, each a call
// behind the one before it, and returns the names.
func (s *saver) writeParts(fresh bool) ([]string, error) {
	names := make([]string, len(s.ranks))
	streams := make([]fsbase.WriteStream, len(s.ranks))
	stages := []func(rank int) error{
		func(rank int) (err error) {
			streams[rank], names[rank], err = s.create(rank, fresh)
			return err
		},
		func(rank int) error { return s.writeHalf(streams[rank], rank, 0) },
		func(rank int) error { return s.writeHalf(streams[rank], rank, 1) },
		func(rank int) error { _, err := streams[rank].Commit(); return err },
	}
	for turn := range len(s.ranks) + len(stages) - 1 {
		for stage, do := range stages {
			rank := turn - stage
			if rank < 0 || rank >= len(s.ranks) {
				continue
			}
			if err := s.call(func() error { return do(rank) }); err != nil {
				return nil, fmt.Errorf("rank %d, stage %d: %w", rank, stage, err)
			}
		}
	}
	return names, nil
}

// create begins the file of a rank: by its plain name if that is free, else by
// one that only this attempt has.
func (s *saver) create(rank int, fresh bool) (w fsbase.WriteStream, name string, err error) {
	t := s.ranks[rank]
	if fresh && has[fsbase.ExclusiveCreator](t.fs) {
		name = t.path(fmt.Sprintf("%s/data/part-%d", s.dir, rank))
		if ok, err := t.fs.Exists(t.ctx, name); err != nil {
			return nil, name, err
		} else if !ok {
			w, err = t.createExclusive(name)()
			return s.keep(w, err), name, err
		}
	}
	name = t.path(fmt.Sprintf("%s/data/part-%d.%d", s.dir, rank, s.generation))
	w, err = t.fs.CreateStream(t.ctx, name)
	return s.keep(w, err), name, err
}

func (s *saver) keep(w fsbase.WriteStream, err error) fsbase.WriteStream {
	if err == nil {
		s.open = append(s.open, w)
	}
	return w
}

func (s *saver) writeHalf(w fsbase.WriteStream, rank, half int) error {
	b := part(s.generation, rank)
	cut := len(b) / 2
	_, err := w.Write([][]byte{b[:cut], b[cut:]}[half])
	return err
}

// publish makes the names the checkpoint, if it still is what it was.
func (s *saver) publish(t *trial, manifest string, old fsbase.Version, names []string) error {
	create := func() (fsbase.WriteStream, error) { return t.fs.CreateStream(t.ctx, manifest) }
	switch {
	case old == "" && has[fsbase.ExclusiveCreator](t.fs):
		create = t.createExclusive(manifest)
	case old != "" && has[fsbase.Swapper](t.fs):
		create = t.createSwap(manifest, old)
	}
	var w fsbase.WriteStream
	for _, do := range []func() error{
		func() (err error) { w, err = create(); s.keep(w, err); return err },
		func() error { _, err := fmt.Fprintf(w, "%d\n%s", s.generation, strings.Join(names, "\n")); return err },
		func() error { _, err := w.Commit(); s.published = err == nil; return err },
	} {
		if err := s.call(do); err != nil {
			return fmt.Errorf("the manifest: %w", err)
		}
	}
	return nil
}

// bury closes what a killed saver has left open.
func (s *saver) bury() {
	for _, w := range s.open {
		w.Close()
	}
}

// set is what a manifest names.
type set struct {
	version    fsbase.Version // "" for no manifest
	generation int
	names      []string
}

func (t *trial) readSet(manifest string) (set, error) {
	r, err := t.fs.OpenStream(t.ctx, manifest)
	if errors.Is(err, fs.ErrNotExist) {
		return set{}, nil
	} else if err != nil {
		return set{}, err
	}
	defer r.Close()
	body, err := readStream(r)
	if err != nil {
		return set{}, err
	}
	lines := strings.Split(string(body), "\n")
	found := set{version: r.Info().Version, names: slices.Clone(lines[1:])}
	_, err = fmt.Sscan(lines[0], &found.generation)
	return found, err
}
