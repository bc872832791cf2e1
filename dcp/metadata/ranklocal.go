package metadata

import (
	"fmt"
	"math"

	"github.com/godcp/godcp/internal/pickle"
)

// What stands under keyRankLocal: a dict of two ints. torch keeps it unseen.
const (
	keyRank      = "rank"
	keyWorldSize = "world_size"
)

func (e *encoder) rankLocal(r *RankLocal) {
	if !r.possible() {
		e.w.Fail(fmt.Errorf("rank %d of %d", r.Rank, r.WorldSize))
	}
	pairs := [...]struct {
		key string
		n   int
	}{{keyRank, r.Rank}, {keyWorldSize, r.WorldSize}}
	e.w.Dict(len(pairs), func(i int) {
		e.w.Str(pairs[i].key)
		e.w.Int(int64(pairs[i].n))
	})
}

func (r *RankLocal) possible() bool {
	return 0 <= r.Rank && r.Rank < r.WorldSize && r.WorldSize <= math.MaxInt32
}

// rankLocal is nil for what is not written so, which stays an extra.
func (d *decoder) rankLocal(v pickle.Value) *RankLocal {
	pairs := v.Dict()
	if pairs == nil || pairs.Len() != 2 || d.spend(2) != nil {
		return nil
	}
	r := &RankLocal{Rank: -1}
	for k, v := range pairs.All() {
		key, _ := k.Str()
		n, ok := v.Int64()
		if !ok || n < 0 || n > math.MaxInt32 {
			return nil
		}
		switch key {
		case keyRank:
			r.Rank = int(n)
		case keyWorldSize:
			r.WorldSize = int(n)
		}
	}
	if !r.possible() {
		return nil
	}
	return r
}

// overrules tells extra keys that a field says already.
func (m *Metadata) overrules(x Extra) bool {
	return x.Key == keyPrevious && len(m.Previous) > 0 || x.Key == keyRankLocal && m.RankLocal != nil
}
