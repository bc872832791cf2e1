package metadata

import (
	"cmp"
	"fmt"

	"github.com/godcp/godcp/internal/pickle"
)

// currentVersion is torch's CURRENT_DCP_VERSION.
const currentVersion = "1.0.0"

// Encode writes a `.metadata` file that torch 2.1 to 2.15 can load. The same m
// always gives the same bytes. m is not judged: see [Metadata.Validate].
//
// What it says is what m says, but for this:
//   - TensorProperties are written without Strides: torch before 2.15 cannot
//     load the form that has them;
//   - planner_data is a dict: None becomes an empty one, which means the same
//     and which every torch can load;
//   - an empty Version becomes "1.0.0";
//   - the classes are torch's own, and CheckpointID is a str;
//   - crc32c and payload_offset that were read from a file without a seal, and
//     so not believed, are left out: the seal would vouch for them.
//
// Extra keys and foreign values are kept. The file ends in a seal, a checksum
// that is a no-op to whoever runs the pickle.
//
// What cannot be written is an error: a text that is not UTF-8 (lone surrogates
// as three bytes can be), a negative size or place, an unknown dtype.
func Encode(m *Metadata) ([]byte, error) {
	e := encoder{w: pickle.NewWriter(4)}
	e.metadata(m) // to see what is used again
	if e.w.Err() == nil {
		e.w.Restart()
		e.metadata(m)
	}
	b, err := e.w.Bytes()
	if e.err != nil {
		return nil, e.err
	}
	if err != nil {
		return nil, fmt.Errorf("metadata: %w", err)
	}
	return seal(b[:len(b)-1]), nil
}

type encoder struct {
	w   *pickle.Writer
	key []byte // scratch
	err error  // the first that is about one fqn
}

// done notes an error that came while fqn was written.
func (e *encoder) done(fqn string) {
	if err := e.w.Err(); err != nil && e.err == nil {
		e.err = fmt.Errorf("metadata of %q: %w", fqn, err)
	}
}

func (e *encoder) metadata(m *Metadata) {
	w := e.w
	w.BeginObject(pickle.Global{Module: modMetadata, Name: "Metadata"})
	w.Str("state_dict_metadata")
	w.Dict(len(m.StateDictMetadata), func(i int) {
		it := &m.StateDictMetadata[i]
		w.Str(it.FQN)
		e.item(it.Tensor)
		e.done(it.FQN)
	})
	w.Str("planner_data")
	e.planner(&m.PlannerData)
	w.Str("storage_data")
	w.Dict(len(m.StorageData), func(i int) {
		r := &m.StorageData[i]
		e.index(&r.Index)
		e.info(&r.Info)
		e.done(r.Index.FQN)
	})
	w.Str("storage_meta")
	e.storageMeta(m.StorageMeta)
	w.Str("version")
	w.Str(cmp.Or(m.Version, currentVersion))
	if len(m.Previous) > 0 {
		w.Str(keyPrevious)
		e.texts(m.Previous)
	}
	if r := m.RankLocal; r != nil {
		w.Str(keyRankLocal)
		e.rankLocal(r)
	}
	for _, x := range m.Extra {
		if !m.overrules(x) {
			e.extra(x)
		}
	}
	w.EndObject()
}

func (e *encoder) extra(x Extra) {
	e.w.Str(x.Key)
	e.w.Value(x.Value)
}

func (e *encoder) texts(texts []string) {
	e.w.List(len(texts), func(i int) { e.w.Str(texts[i]) })
}

func (e *encoder) planner(p *PlannerData) {
	if p.Opaque != "" {
		e.w.Value(p.foreign)
		return
	}
	e.w.Dict(len(p.Paths), func(i int) {
		e.w.Str(p.Paths[i].FQN)
		path := p.Paths[i].Path
		e.w.BeginTuple(len(path))
		for _, el := range path {
			if el.IsIndex {
				e.w.Int(int64(el.Index))
			} else {
				e.w.Str(el.Key)
			}
		}
		e.w.EndTuple(len(path))
		e.done(p.Paths[i].FQN)
	})
}

func (e *encoder) storageMeta(sm *StorageMeta) {
	switch {
	case sm == nil:
		e.w.None()
		return
	case sm.foreign.Kind() != pickle.Invalid:
		e.w.Value(sm.foreign)
		return
	}
	e.w.BeginObject(pickle.Global{Module: modMetadata, Name: "StorageMeta"})
	e.optText("checkpoint_id", sm.CheckpointID)
	e.optText("save_id", sm.SaveID)
	e.optText("load_id", sm.LoadID)
	e.w.Str("modules")
	e.texts(sm.Modules)
	e.w.EndObject()
}

// optText writes a pair whose value is None for "".
func (e *encoder) optText(key, s string) {
	e.w.Str(key)
	if s == "" {
		e.w.None()
	} else {
		e.w.Str(s)
	}
}
