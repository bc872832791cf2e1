package s3

import (
	"context"

	"github.com/godcp/godcp/fsbase"
)

// asRead is the version that reads tell of what was completed and told as v.
// Some stores, gofakes3 among them, tell two of an object that came in parts.
// Which do is found out with the first such upload to a place, by one HeadObject;
// those that do are asked each time. What cannot be found out is as told.
func (m *multipart) asRead(ctx context.Context, v fsbase.Version) fsbase.Version {
	if m.fs.o.Conditional == ConditionalOn {
		return v
	}
	found := findingOf(m.fs.place())
	if found.oneETag.Load() {
		return v
	}
	o, err := m.fs.head(ctx, m.key, "")
	if err != nil || o.head.Metadata[tagName] != m.tag { // another's is there already
		return v
	}
	if o.version == v {
		found.oneETag.Store(true)
	}
	return o.version
}
