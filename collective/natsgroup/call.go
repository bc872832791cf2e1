package natsgroup

import "fmt"

// method is which call. The numbers are the protocol's.
type method uint8

const (
	gather method = iota
	scatter
	broadcast
	allGather
	barrier
)

func (m method) String() string {
	return [...]string{"Gather", "Scatter", "Broadcast", "AllGather", "Barrier"}[m]
}

// call must be the same on all ranks.
type call struct {
	method method
	root   int
}

func (c call) String() string { return fmt.Sprintf("%s(root %d)", c.method, c.root) }

// brings is how many payloads a rank brings to a call.
func (c call) brings(rank, size int) int {
	switch c.method {
	case gather, allGather:
		return 1
	case scatter:
		if rank == c.root {
			return size
		}
	case broadcast:
		if rank == c.root {
			return 1
		}
	}
	return 0
}

// result is what a rank gets, of what all have brought.
func (c call) result(rank int, all [][][]byte) [][]byte {
	switch c.method {
	case gather:
		if rank != c.root {
			return nil
		}
		return firsts(all)
	case allGather:
		return firsts(all)
	case scatter:
		return all[c.root][rank : rank+1]
	case broadcast:
		return all[c.root]
	}
	return nil
}

// gets is how many payloads a rank gets.
func (c call) gets(rank, size int) int {
	switch {
	case c.method == allGather, c.method == gather && rank == c.root:
		return size
	case c.method == scatter, c.method == broadcast:
		return 1
	}
	return 0
}

// firsts is the one payload that each rank brought.
func firsts(all [][][]byte) [][]byte {
	data := make([][]byte, len(all))
	for rank, d := range all {
		data[rank] = d[0]
	}
	return data
}
