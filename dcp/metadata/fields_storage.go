package metadata

import (
	"math"
	"slices"

	"github.com/godcp/godcp/internal/pickle"
)

var indexFields = &fields[MetadataIndex]{
	class: "MetadataIndex", need: []string{"fqn"},
	set: func(d *decoder, x *MetadataIndex, key string, v pickle.Value) (bit fieldSet, err error) {
		switch key {
		case "fqn":
			x.FQN, err = text(v, key)
			return 1, err
		case "offset":
			if x.Offset = nil; !v.IsNone() {
				x.Offset, err = d.size(v, key)
			}
		case "index":
			// Only a hint: torch takes anything.
			x.Index = -1
			if n, ok := v.Int64(); ok && 0 <= n && n <= math.MaxInt32 {
				x.Index = int(n)
			}
		}
		return 0, err
	},
}

var storageInfoFields = &fields[StorageInfo]{
	class: "_StorageInfo", need: []string{"relative_path", "offset", "length"},
	set: func(d *decoder, x *StorageInfo, key string, v pickle.Value) (bit fieldSet, err error) {
		switch key {
		case "relative_path":
			x.RelativePath, err = text(v, key)
			return 1, err
		case "offset":
			x.Offset, err = number(v, key)
			return 2, err
		case "length":
			x.Length, err = number(v, key)
			return 4, err
		case "transform_descriptors":
			x.TransformDescriptors, err = d.texts(v, key)
			return 0, err
		case keyCRC:
			n, ok := d.believed(v, math.MaxUint32)
			if x.CRC32C, x.HasCRC32C = uint32(n), ok; ok {
				x.Extra = dropExtra(x.Extra, key)
				return 0, nil
			}
		case keyPayload:
			n, ok := d.believed(v, math.MaxInt64)
			if x.PayloadOffset = n; ok {
				x.Extra = dropExtra(x.Extra, key)
				return 0, nil
			}
		}
		x.Extra = setExtra(x.Extra, key, v)
		return 0, nil
	},
}

// believed is an int from 0 to most under a key of godcp's own, in a file that
// has its seal. In any other file somebody may have changed the record since
// and kept the key.
func (d *decoder) believed(v pickle.Value, most int64) (int64, bool) {
	n, ok := v.Int64()
	if !d.sealed || !ok || n < 0 || n > most {
		return 0, false
	}
	return n, true
}

// storageInfo sets x by what fill does. A payload that cannot be where it is
// said to be makes godcp's own keys mere extras.
func (d *decoder) storageInfo(x *StorageInfo, fill func() error) error {
	err := fill()
	if err == nil && x.PayloadOffset > 0 && (x.PayloadOffset > x.Length || len(x.TransformDescriptors) > 0) {
		*x = StorageInfo{}
		was := d.sealed
		d.sealed = false
		err = fill()
		d.sealed = was
	}
	return err
}

func dropExtra(extra []Extra, key string) []Extra {
	return slices.DeleteFunc(extra, func(x Extra) bool { return x.Key == key })
}

// setExtra is a dict's assignment.
func setExtra(extra []Extra, key string, v pickle.Value) []Extra {
	for i := range extra {
		if extra[i].Key == key {
			extra[i].Value = v
			return extra
		}
	}
	return append(extra, Extra{key, v})
}

// texts is None, or a list or tuple of str.
func (d *decoder) texts(v pickle.Value, what string) ([]string, error) {
	if v.IsNone() {
		return nil, nil
	}
	items, ok := sequence(v)
	if !ok {
		return nil, bad("%s is a %s, not a list", what, v.Kind())
	}
	if err := d.spend(items.Len()); err != nil {
		return nil, err
	}
	out := make([]string, items.Len())
	for i, m := range items.All() {
		var err error
		if out[i], err = text(m, what); err != nil {
			return nil, err
		}
	}
	return out, nil
}

func (d *decoder) indexOf(v pickle.Value) (MetadataIndex, error) {
	if h, ok := handleOf(v, clsIndex); ok {
		return d.records[h].Index, nil
	}
	x := MetadataIndex{Index: -1}
	o, ok := v.Object()
	if !ok || classOf(o.Global()) != clsIndex {
		return x, bad("a key of storage_data is a %s, not a MetadataIndex", v.Kind())
	}
	return x, object(d, &x, o, fieldNames[clsIndex], indexFields, nil)
}

// infoOf takes any class that has _StorageInfo's fields: other storage writers
// have their own.
func (d *decoder) infoOf(v pickle.Value) (StorageInfo, error) {
	if h, ok := handleOf(v, clsStorageInfo); ok {
		return d.records[h].Info, nil
	}
	var x StorageInfo
	o, ok := v.Object()
	if !ok {
		return x, bad("a value of storage_data is a %s, not a _StorageInfo", v.Kind())
	}
	err := d.storageInfo(&x, func() error {
		return object(d, &x, o, fieldNames[clsStorageInfo], storageInfoFields, nil)
	})
	return x, err
}

// storageData makes the records, in the file's order; the caller removes
// duplicates.
func (d *decoder) storageData(v pickle.Value) ([]StorageRecord, error) {
	if v.Kind() != pickle.Dict {
		return nil, bad("storage_data is a %s, not a dict", v.Kind())
	}
	pairs := v.RawPairs()
	n := pairs.Len() / 2
	if err := d.spend(n); err != nil {
		return nil, err
	}
	if n == len(d.records) && d.inOrder(pairs) {
		return d.records, nil
	}
	records := make([]StorageRecord, n)
	for i := range records {
		var err error
		if records[i].Index, err = d.indexOf(pairs.At(2 * i)); err != nil {
			return nil, err
		}
		if records[i].Info, err = d.infoOf(pairs.At(2*i + 1)); err != nil {
			return nil, withFQN(err, records[i].Index.FQN)
		}
	}
	return records, nil
}

func (d *decoder) inOrder(pairs pickle.Items) bool {
	for i := range d.records {
		k, ok1 := handleOf(pairs.At(2*i), clsIndex)
		v, ok2 := handleOf(pairs.At(2*i+1), clsStorageInfo)
		if !ok1 || !ok2 || k != i || v != i {
			return false
		}
	}
	return true
}
