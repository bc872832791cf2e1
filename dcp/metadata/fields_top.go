package metadata

import (
	"strings"

	"github.com/godcp/godcp/internal/pickle"
)

// planner is planner_data: paths if it has the shape that DefaultSavePlanner
// gives it.
func (d *decoder) planner(v pickle.Value) (PlannerData, error) {
	if v.IsNone() {
		return PlannerData{None: true}, nil
	}
	if err := d.spend(v.RawPairs().Len()); err != nil {
		return PlannerData{}, err
	}
	opaque := PlannerData{Opaque: pickle.Describe(v), foreign: v}
	pairs := v.Dict()
	if pairs == nil || !looksLikePaths(pairs) {
		return opaque, nil
	}
	p := PlannerData{Paths: make([]PathEntry, 0, pairs.Len())}
	for k, v := range pairs.All() {
		fqn, _ := k.Str()
		path, err := d.path(v)
		if err != nil {
			return PlannerData{}, withFQN(err, fqn)
		}
		p.Paths = append(p.Paths, PathEntry{fqn, path})
	}
	return p, nil
}

// looksLikePaths tells a dict of tuples under str keys, or an empty one. One
// tuple is enough: then the rest must be right.
func looksLikePaths(pairs *pickle.Pairs) bool {
	tuples := pairs.Len() == 0
	for k, v := range pairs.All() {
		if k.Kind() != pickle.Str {
			return false
		}
		tuples = tuples || v.Kind() == pickle.Tuple
	}
	return tuples
}

func (d *decoder) path(v pickle.Value) (Path, error) {
	items, ok := sequence(v)
	if !ok {
		return nil, bad("its planner path is a %s", v.Kind())
	}
	if err := d.spend(items.Len()); err != nil {
		return nil, err
	}
	path := make(Path, items.Len())
	for i, e := range items.All() {
		if s, ok := e.Str(); ok {
			path[i].Key = s
			continue
		}
		n, ok := e.Int64()
		if !ok || int64(int(n)) != n {
			return nil, bad("its planner path has a %s", e.Kind())
		}
		path[i] = PathElement{Index: int(n), IsIndex: true}
	}
	return path, nil
}

var storageMetaFields = &fields[StorageMeta]{
	class: "StorageMeta",
	set: func(d *decoder, x *StorageMeta, key string, v pickle.Value) (bit fieldSet, err error) {
		switch key {
		case "checkpoint_id":
			if x.CheckpointID, err = optText(v, key); err != nil {
				x.CheckpointID, err = d.pathText(v)
			}
		case "save_id":
			x.SaveID, err = optText(v, key)
		case "load_id":
			x.LoadID, err = optText(v, key)
		case "modules":
			x.Modules, err = d.texts(v, key)
		default:
			return 0, bad("StorageMeta has a field %q", key)
		}
		return 0, err
	},
}

// storageMeta never fails for kinds: what is not as torch writes it is kept as
// it is.
func (d *decoder) storageMeta(v pickle.Value) (*StorageMeta, error) {
	if v.IsNone() {
		return nil, nil
	}
	x := &StorageMeta{}
	o, ok := v.Object()
	if !ok || classOf(o.Global()) != clsStorageMeta ||
		object(d, x, o, fieldNames[clsStorageMeta], storageMetaFields, nil) != nil {
		x.foreign = v
	}
	return x, nil
}

// pathText is the text of a pathlib object.
func (d *decoder) pathText(v pickle.Value) (string, error) {
	o, ok := v.Object()
	if !ok || classOf(o.Global()) != clsPath {
		return "", bad("checkpoint_id is a %s", v.Kind())
	}
	parts, err := d.texts(o.Args, "checkpoint_id")
	if err != nil {
		return "", err
	}
	sep := "/"
	if strings.Contains(o.Global().Name, "Windows") {
		sep = `\`
	}
	var b strings.Builder
	for _, p := range parts {
		if b.Len() > 0 && !strings.HasSuffix(b.String(), sep) {
			b.WriteString(sep)
		}
		b.WriteString(p)
	}
	if b.Len() == 0 {
		return ".", nil
	}
	return b.String(), nil
}
