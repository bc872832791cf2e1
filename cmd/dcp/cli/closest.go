package cli

import (
	"cmp"
	"slices"
	"strings"
)

// closest returns up to three names that a mistyped one may stand for, the
// likeliest first: few letters differ, or it is a part of a longer name.
func closest(name string, names []string) []string {
	type candidate struct {
		name string
		cost int
	}
	limit := len(name) / 3 // a name of one or two letters may be any other
	var best []candidate
	for _, n := range names {
		cost := limit + 1
		switch {
		case strings.EqualFold(n, name):
			cost = 0
		case strings.HasSuffix(n, "."+name), strings.HasPrefix(n, name+"."):
			cost = min(1, limit)
		case len(n) <= len(name)+limit && len(name) <= len(n)+limit && len(n) < 512:
			cost = distance(name, n)
		}
		if cost <= limit && n != "" {
			best = append(best, candidate{n, cost})
		}
	}
	slices.SortFunc(best, func(a, b candidate) int {
		return cmp.Or(cmp.Compare(a.cost, b.cost), strings.Compare(a.name, b.name))
	})
	var out []string
	for _, c := range best[:min(3, len(best))] {
		out = append(out, c.name)
	}
	return out
}

// distance counts the bytes to insert, delete, replace or swap with their
// neighbour that make b of a.
func distance(a, b string) int {
	before, last, row := make([]int, len(b)+1), make([]int, len(b)+1), make([]int, len(b)+1)
	for j := range last {
		last[j] = j
	}
	for i := range len(a) {
		row[0] = i + 1
		for j := range len(b) {
			change := last[j]
			if a[i] != b[j] {
				change++
			}
			row[j+1] = min(change, last[j+1]+1, row[j]+1)
			if i > 0 && j > 0 && a[i] == b[j-1] && a[i-1] == b[j] {
				row[j+1] = min(row[j+1], before[j-1]+1)
			}
		}
		before, last, row = last, row, before
	}
	return last[len(b)]
}
