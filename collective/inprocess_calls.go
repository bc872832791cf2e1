package collective

import (
	"context"
	"fmt"
)

func (m *member) Gather(ctx context.Context, root int, data []byte) ([][]byte, error) {
	all, err := m.meet(ctx, call{"Gather", root}, data)
	if err != nil || m.rank != root {
		return nil, err
	}
	return firsts(all), nil
}

func (m *member) Scatter(ctx context.Context, root int, data [][]byte) ([]byte, error) {
	if m.rank != root {
		data = nil
	} else if len(data) != m.w.size {
		m.w.mu.Lock()
		defer m.w.mu.Unlock()
		return nil, m.w.fail(m.rank, fmt.Errorf("scatter of %d payloads to %d ranks", len(data), m.w.size))
	}
	all, err := m.meet(ctx, call{"Scatter", root}, data...)
	if err != nil {
		return nil, err
	}
	return all[root][m.rank], nil
}

func (m *member) Broadcast(ctx context.Context, root int, data []byte) ([]byte, error) {
	all, err := m.meet(ctx, call{"Broadcast", root}, data)
	if err != nil {
		return nil, err
	}
	return all[root][0], nil
}

func (m *member) AllGather(ctx context.Context, data []byte) ([][]byte, error) {
	all, err := m.meet(ctx, call{"AllGather", 0}, data)
	if err != nil {
		return nil, err
	}
	return firsts(all), nil
}

func (m *member) Barrier(ctx context.Context) error {
	_, err := m.meet(ctx, call{"Barrier", 0})
	return err
}

// firsts is the one payload that each rank brought.
func firsts(all [][][]byte) [][]byte {
	data := make([][]byte, len(all))
	for rank, d := range all {
		data[rank] = d[0]
	}
	return data
}
