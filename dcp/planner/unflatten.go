package planner

import (
	"github.com/godcp/godcp/ckpterr"
	"github.com/godcp/godcp/dcp/metadata"
)

// maxPadding bounds how many empty list elements the paths of one checkpoint
// may ask for: a path is untrusted, and torch loops over an index of 2**40.
const maxPadding = 1 << 20

// unflattener rebuilds nested maps and lists from paths: torch's set_element.
type unflattener struct {
	padding int
}

// SetPath puts v at path below root, making maps and lists on the way: the
// opposite of Flatten, leaf by leaf.
func SetPath(root map[string]any, path metadata.Path, v any) error {
	var u unflattener
	return u.set(root, path, v)
}

// set puts v at path below root, making maps and lists on the way. Lists grow
// with nil up to the index.
func (u *unflattener) set(root map[string]any, path metadata.Path, v any) error {
	if len(path) == 0 || len(path) > maxDepth || path[0].IsIndex {
		return ckpterr.New(ckpterr.BadMetadata, "planner path of %d elements cannot lead through a state dict", len(path))
	}
	_, err := u.put(root, path, v)
	return err
}

// put returns c with v at path; a list may have moved.
func (u *unflattener) put(c any, path metadata.Path, v any) (any, error) {
	if len(path) == 0 {
		if c != nil {
			return nil, conflict(path)
		}
		return v, nil
	}
	e := path[0]
	if !e.IsIndex {
		m, ok := c.(map[string]any)
		if c == nil {
			m, ok = map[string]any{}, true
		}
		if !ok {
			return nil, conflict(path)
		}
		child, err := u.put(m[e.Key], path[1:], v)
		if err != nil {
			return nil, err
		}
		m[e.Key] = child
		return m, nil
	}
	l, ok := c.([]any)
	if c != nil && !ok {
		return nil, conflict(path)
	}
	if grow := e.Index - len(l); e.Index < 0 || grow > maxPadding-u.padding {
		return nil, ckpterr.New(ckpterr.BadMetadata, "planner path has list index %d", e.Index)
	} else if grow > 0 {
		u.padding += grow
	}
	for len(l) <= e.Index {
		l = append(l, nil)
	}
	child, err := u.put(l[e.Index], path[1:], v)
	if err != nil {
		return nil, err
	}
	l[e.Index] = child
	return l, nil
}

func conflict(path metadata.Path) error {
	return ckpterr.New(ckpterr.BadMetadata, "planner paths conflict at %q", JoinPath(path))
}
