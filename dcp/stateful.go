package dcp

import (
	"errors"
	"maps"
	"slices"
)

// Stateful is a value with a state of its own, torch's Stateful: a top-level
// value of a state dict that is loaded by its own means.
type Stateful interface {
	StateDict() (map[string]any, error)
	LoadStateDict(state map[string]any) error
}

// withoutStatefuls replaces top-level Statefuls by their state, in the order of
// their keys: their methods may talk to other ranks. restore puts the results
// back: plain values into state, states into the Statefuls.
func withoutStatefuls(state map[string]any) (plain map[string]any, restore func() error, err error) {
	keys := slices.Sorted(maps.Keys(state))
	isStateful := func(k string) bool { _, ok := state[k].(Stateful); return ok }
	if !slices.ContainsFunc(keys, isStateful) {
		return state, func() error { return nil }, nil
	}
	plain = maps.Clone(state)
	for _, k := range keys {
		if s, ok := state[k].(Stateful); ok {
			if plain[k], err = s.StateDict(); err != nil {
				return nil, nil, err
			}
		}
	}
	return plain, func() error {
		var errs []error
		for _, k := range keys {
			s, ok := state[k].(Stateful)
			if !ok {
				state[k] = plain[k]
				continue
			}
			m, _ := plain[k].(map[string]any)
			errs = append(errs, s.LoadStateDict(m))
		}
		return errors.Join(errs...)
	}, nil
}

// statesOf replaces top-level Statefuls by their state.
func statesOf(state map[string]any) (map[string]any, error) {
	plain, _, err := withoutStatefuls(state)
	return plain, err
}
