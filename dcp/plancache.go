package dcp

import (
	"crypto/sha256"
	"encoding/binary"
	"sync"

	"github.com/godcp/godcp/dcp/metadata"
	"github.com/godcp/godcp/dcp/planner"
)

// PlanCache spares a job that saves the same state again and again most of the
// planning: torch's enable_plan_caching. Each rank has one of its own for each
// state that it saves, and gives it to every save. If no rank's plan has changed
// since the last one, ranks send the coordinator a hash in place of a plan, and
// it finds the global plan done.
//
// A plan is known again by a hash of all of it: names, dtypes, sizes, chunks and
// the paths of names (torch looks at neither dtypes nor paths). Whatever does
// not fit, a rank that was started anew, another number of ranks, is planned in
// full, so a cache is never wrong, only of no use. It is of none with
// CheckReplicas, with planners and writers that are not this package's own, and
// for Hugging Face folders. The zero value is ready.
type PlanCache struct {
	mu    sync.Mutex
	local planHash // of this rank's own plan
	key   planHash // of the plans of all ranks, when items was made of them
	items []planner.WriteItem

	whole planHash           // on the coordinator: key of md
	md    *metadata.Metadata // without what belongs to one save
}

type planHash [sha256.Size]byte

// planMessage is what a rank sends to the coordinator: its plan, or that it has
// what became of it.
type planMessage struct {
	Local planHash // zero without a cache
	Key   planHash // zero with a plan
	Plan  *planner.SavePlan
}

// planReply is what a rank gets.
type planReply struct {
	Resend bool     // everybody sends the plan itself
	Key    planHash // of the plans of all, if all have caches
	Cached bool     // the items are those under the key; Plan has the rest
	Plan   *planner.SavePlan
}

// usable tells whether all that can change between saves is in the hash.
func (s *saver) usable() bool {
	if s.cache == nil || s.check {
		return false
	}
	_, plain := s.p.(*planner.DefaultSavePlanner)
	_, own := s.w.(*FileSystemWriter)
	return plain && own
}

// message is what this rank says of its plan.
func (s *saver) message(plan *planner.SavePlan, full bool) (planMessage, error) {
	if !s.usable() {
		return planMessage{Plan: plan}, nil
	}
	b, err := (&planner.SavePlan{Items: plan.Items, PlannerData: plan.PlannerData}).MarshalBinary()
	if err != nil {
		return planMessage{}, err
	}
	m := planMessage{Local: sha256.Sum256(b), Plan: plan}
	c := s.cache
	c.mu.Lock()
	defer c.mu.Unlock()
	if !full && c.local == m.Local && c.key != (planHash{}) {
		m.Key, m.Plan = c.key, nil
	}
	return m, nil
}

// keyOf is the hash of all plans and of how they become one; zero if a rank has
// no cache.
func (s *saver) keyOf(ms []planMessage) planHash {
	p, ok := s.p.(*planner.DefaultSavePlanner)
	if !ok || !s.usable() {
		return planHash{}
	}
	h := sha256.New()
	head := binary.LittleEndian.AppendUint64(nil, uint64(len(ms)))
	h.Write(append(head, byte(boolInt(p.DedupSaveToLowestRank)), byte(boolInt(p.KeepNesting))))
	for _, m := range ms {
		if m.Local == (planHash{}) {
			return planHash{}
		}
		h.Write(m.Local[:])
	}
	return planHash(h.Sum(nil))
}

// known returns the metadata of these plans if every rank has its part of them;
// else resend tells whether somebody has not sent a plan, taking it for known.
func (s *saver) known(ms []planMessage, key planHash) (md *metadata.Metadata, resend bool) {
	all := key != (planHash{})
	for _, m := range ms {
		resend = resend || m.Key != (planHash{})
		all = all && m.Plan == nil && m.Key == key
	}
	if !all {
		return nil, resend
	}
	c := s.cache
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.whole != key {
		return nil, true
	}
	return &metadata.Metadata{StateDictMetadata: c.md.StateDictMetadata, PlannerData: c.md.PlannerData}, false
}

// remember keeps the metadata of a new global plan.
func (s *saver) remember(key planHash, md *metadata.Metadata) {
	if key == (planHash{}) {
		return
	}
	c := s.cache
	c.mu.Lock()
	defer c.mu.Unlock()
	c.whole = key
	c.md = &metadata.Metadata{StateDictMetadata: md.StateDictMetadata, PlannerData: md.PlannerData}
}

// settle makes of the reply the plan of this rank.
func (s *saver) settle(m planMessage, r planReply) *planner.SavePlan {
	if !s.usable() || r.Key == (planHash{}) {
		return r.Plan
	}
	c := s.cache
	c.mu.Lock()
	defer c.mu.Unlock()
	if r.Cached {
		return &planner.SavePlan{Items: c.items, StorageData: r.Plan.StorageData}
	}
	c.local, c.key, c.items = m.Local, r.Key, r.Plan.Items
	return r.Plan
}
