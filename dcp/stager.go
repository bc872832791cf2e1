package dcp

import (
	"context"
	"fmt"
	"slices"
	"sync"

	"github.com/godcp/godcp/dcp/planner"
	"github.com/godcp/godcp/tensor"
)

// AsyncStager takes the snapshot that AsyncSave writes: torch's AsyncStager.
type AsyncStager interface {
	// Stage returns a copy of state that the caller's later changes do not
	// reach. release is called when the copy is not needed any more.
	Stage(ctx context.Context, state map[string]any) (staged map[string]any, release func(), err error)
}

// BlockingAsyncStager copies every tensor, what Resolvers give included, and
// encodes every object, before Stage returns: torch's class of that name. Its memory is that of the state,
// once for each save that is under way; buffers are used again only when the
// save that reads them has ended. It is safe for concurrent use.
type BlockingAsyncStager struct {
	// CacheStagedStateDict keeps the buffers of ended saves for the next.
	CacheStagedStateDict bool

	mu   sync.Mutex
	free map[string][][]byte // by dtype and shape
}

// encoded is an object as it will be stored.
type encoded struct {
	pickle   []byte
	storages []*tensor.Tensor
}

// encodeObject encodes a value, unless a stager has done so.
func encodeObject(v any) (e encoded, err error) {
	e, ok := v.(encoded)
	if !ok {
		e.pickle, e.storages, err = EncodeValue(v)
	}
	return e, err
}

// Stage copies state.
func (s *BlockingAsyncStager) Stage(ctx context.Context, state map[string]any) (map[string]any, func(), error) {
	leaves, err := planner.Flatten(state)
	if err != nil {
		return nil, nil, err
	}
	st := &staging{ctx: ctx, stager: s}
	staged := map[string]any{}
	for _, l := range leaves {
		v, err := st.leaf(l.Value)
		if err == nil {
			err = planner.SetPath(staged, l.Path, v)
		}
		if err != nil {
			st.release()
			return nil, nil, fmt.Errorf("staging %s: %w", l.FQN, err)
		}
	}
	return staged, st.release, nil
}

// staging is one snapshot.
type staging struct {
	ctx    context.Context
	stager *BlockingAsyncStager
	used   []buffer
	once   sync.Once
}

type buffer struct {
	key string
	mem []byte
}

func (s *staging) leaf(v any) (any, error) {
	switch v := v.(type) {
	case *tensor.Tensor:
		if v == nil {
			return v, nil // for the planner to refuse
		}
		return s.tensor(v)
	case Resolver:
		return s.resolved(v)
	case *ShardedTensor:
		if v == nil {
			return v, nil
		}
		if err := v.Validate(); err != nil {
			return nil, err
		}
		c := &ShardedTensor{DType: v.DType, Size: slices.Clone(v.Size)}
		for _, sh := range v.Shards {
			t, err := s.shard(sh)
			if err != nil {
				return nil, err
			}
			c.Shards = append(c.Shards, Shard{Offsets: slices.Clone(sh.Offsets), Tensor: t})
		}
		return c, nil
	}
	pkl, storages, err := EncodeValue(v)
	for i, t := range storages {
		if err == nil {
			storages[i], err = s.tensor(t)
		}
	}
	return encoded{pkl, storages}, err
}

func (s *staging) shard(sh Shard) (*tensor.Tensor, error) {
	if sh.Tensor == nil && sh.Resolver != nil {
		return s.resolved(sh.Resolver)
	}
	return s.tensor(sh.Tensor)
}

func (s *staging) resolved(r Resolver) (*tensor.Tensor, error) {
	t, err := planner.Resolve(s.ctx, r)
	if err != nil {
		return nil, err
	}
	return s.tensor(t)
}

func (s *staging) tensor(t *tensor.Tensor) (*tensor.Tensor, error) {
	b := s.stager.take(fmt.Sprint(t.DType(), t.Shape()), t.NumBytes())
	s.used = append(s.used, b)
	c, err := tensor.FromBytes(t.DType(), t.Shape(), b.mem)
	if err != nil {
		return nil, err
	}
	return c, tensor.Copy(c, t)
}

func (s *BlockingAsyncStager) take(key string, size int64) buffer {
	s.mu.Lock()
	defer s.mu.Unlock()
	if f := s.free[key]; len(f) > 0 {
		s.free[key] = f[:len(f)-1]
		return buffer{key, f[len(f)-1]}
	}
	return buffer{key, make([]byte, size)}
}

// release gives the buffers back, once.
func (s *staging) release() {
	s.once.Do(func() {
		if !s.stager.CacheStagedStateDict {
			return
		}
		s.stager.mu.Lock()
		defer s.stager.mu.Unlock()
		if s.stager.free == nil {
			s.stager.free = map[string][][]byte{}
		}
		for _, b := range s.used {
			s.stager.free[b.key] = append(s.stager.free[b.key], b.mem)
		}
	})
}
