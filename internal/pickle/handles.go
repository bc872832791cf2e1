package pickle

import "iter"

// HasHandles tells whether a Builder's handle is somewhere in vs. A Value that
// has none can be written again, see [Writer.Value].
func HasHandles(vs iter.Seq[Value]) bool {
	seen := map[Value]bool{}
	var todo []Value
	for v := range vs {
		for todo = append(todo, v); len(todo) > 0; {
			v := todo[len(todo)-1]
			todo = todo[:len(todo)-1]
			if v.w.tag() == tagHandle {
				return true
			}
			if v.w.tag() < tagTuple || seen[v] {
				continue // nothing inside
			}
			seen[v] = true
			many := []Items{v.Items(), v.RawPairs()}
			if o, ok := v.Object(); ok {
				todo = append(todo, o.Callable, o.Args, o.Kwargs, o.Pairs)
				many = append(many, o.States, o.Items)
			}
			for _, it := range many {
				for _, m := range it.All() {
					if m.w.tag() >= tagTuple && !seen[m] {
						todo = append(todo, m)
					}
				}
			}
		}
	}
	return false
}
