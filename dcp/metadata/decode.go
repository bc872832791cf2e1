package metadata

import (
	"iter"

	"github.com/godcp/godcp/ckpterr"
	"github.com/godcp/godcp/internal/pickle"
)

// Decode reads a `.metadata` file. It takes what torch 2.1 to 2.15 wrote, and
// other classes as long as they have the fields. It does not judge what the
// fields say: see [Metadata.Validate].
//
// Errors are [*ckpterr.Error] of class UnsafePickle, MalformedPickle,
// LimitExceeded, BadMetadata, OutOfRange for numbers beyond 64 bits, or
// ChecksumMismatch where there is a seal that does not fit. The result keeps no
// reference to data. Memory is bounded by a multiple of len(data).
func Decode(data []byte) (*Metadata, error) {
	d := newDecoder(len(data))
	m, err := d.decode(data, d)
	if err == nil && pickle.HasHandles(m.foreign()) {
		// Foreign values with parts that are torch's: these must be kept as
		// the file has them, too.
		return newDecoder(len(data)).decode(data, nil)
	}
	return m, err
}

// foreign are the values that are kept as they are.
func (m *Metadata) foreign() iter.Seq[pickle.Value] {
	return func(yield func(pickle.Value) bool) {
		ok := yield(m.PlannerData.foreign)
		if m.StorageMeta != nil {
			ok = ok && yield(m.StorageMeta.foreign)
		}
		for _, x := range m.Extra {
			ok = ok && yield(x.Value)
		}
		for i := range m.StorageData {
			for _, x := range m.StorageData[i].Info.Extra {
				ok = ok && yield(x.Value)
			}
		}
	}
}

// decode uses d as the pickle's Builder, or none: the result is the same.
func (d *decoder) decode(data []byte, b pickle.Builder) (m *Metadata, err error) {
	if d.sealed, err = sealed(data); err != nil {
		return nil, err
	}
	v, n, err := pickle.Decode(data, pickle.Options{Globals: d.globals, Builder: b})
	if err != nil {
		return nil, err
	}
	if n < len(data) && d.sealed {
		return nil, ckpterr.New(ckpterr.MalformedPickle, "the pickle ends at %d, before its seal", n)
	}
	if _, err := sealed(data[:n]); n < len(data) && err != nil {
		return nil, err
	}
	o, ok := v.Object()
	if !ok {
		return nil, bad("the top object is a %s, not Metadata", v.Kind())
	}
	m = &Metadata{PlannerData: PlannerData{None: true}, Sealed: d.sealed}
	if err := object(d, m, o, fieldNames[clsMetadata], metadataFields, nil); err != nil {
		return nil, err
	}
	m.Unknown = d.names
	m.dedup()
	return m, nil
}

var metadataFields = &fields[Metadata]{
	class: "Metadata", need: []string{"state_dict_metadata", "storage_data"},
	set: func(d *decoder, x *Metadata, key string, v pickle.Value) (bit fieldSet, err error) {
		switch key {
		case "state_dict_metadata":
			x.StateDictMetadata, err = d.items(v)
			return 1, err
		case "storage_data":
			x.StorageData, err = d.storageData(v)
			return 2, err
		case "planner_data":
			x.PlannerData, err = d.planner(v)
			return 0, err
		case "storage_meta":
			x.StorageMeta, err = d.storageMeta(v)
			return 0, err
		case "version":
			x.Version, err = optText(v, key)
			return 0, err
		case keyPrevious:
			if v.Kind() == pickle.List {
				if names, err := d.texts(v, key); err == nil {
					x.Previous, x.Extra = names, dropExtra(x.Extra, key)
					return 0, nil
				}
			}
			x.Previous = nil
		case keyRankLocal:
			if x.RankLocal = d.rankLocal(v); x.RankLocal != nil {
				x.Extra = dropExtra(x.Extra, key)
				return 0, nil
			}
		}
		x.Extra = setExtra(x.Extra, key, v)
		return 0, nil
	},
}

func withFQN(err error, fqn string) error {
	return ckpterr.At(err, ckpterr.Place{Offset: -1, FQN: fqn})
}

// items is state_dict_metadata.
func (d *decoder) items(v pickle.Value) ([]Item, error) {
	if v.Kind() != pickle.Dict {
		return nil, bad("state_dict_metadata is a %s, not a dict", v.Kind())
	}
	if err := d.spend(v.RawPairs().Len()); err != nil {
		return nil, err
	}
	pairs := v.Dict()
	items := make([]Item, 0, pairs.Len())
	for k, v := range pairs.All() {
		fqn, err := text(k, "a key of state_dict_metadata")
		if err != nil {
			return nil, err
		}
		t, err := d.item(v)
		if err != nil {
			return nil, withFQN(err, fqn)
		}
		items = append(items, Item{FQN: fqn, Tensor: t})
	}
	return items, nil
}

// item is nil for BytesStorageMetadata.
func (d *decoder) item(v pickle.Value) (*TensorStorageMetadata, error) {
	if h, ok := handleOf(v, clsTensor); ok {
		return &d.tensor[h], nil
	}
	o, ok := v.Object()
	if !ok {
		return nil, bad("an entry is a %s", v.Kind())
	}
	switch g := o.Global(); classOf(g) {
	case clsBytes:
		return nil, nil
	case clsTensor:
		x := new(TensorStorageMetadata)
		return x, object(d, x, o, fieldNames[clsTensor], tensorFields, nil)
	default:
		return nil, bad("an entry is a %q", g.String())
	}
}
