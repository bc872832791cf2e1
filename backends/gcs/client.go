package gcs

import (
	"context"
	"fmt"
	"os"
	"sync"

	"cloud.google.com/go/storage"
)

// clients are those that URLs share: each has its own connections and tokens.
type clients struct {
	mu   sync.Mutex
	open map[string]*storage.Client // by transport and emulator
}

var shared clients

// get returns the client of a transport. A failure is not kept: credentials
// may be there the next time.
func (c *clients) get(ctx context.Context, transport string) (*storage.Client, error) {
	key := transport + " " + os.Getenv(emulators[transport])
	c.mu.Lock()
	defer c.mu.Unlock()
	if client := c.open[key]; client != nil {
		return client, nil
	}
	// The client outlives the call, so it must not end with its context.
	client, err := newClient(context.WithoutCancel(ctx), transport)
	if err != nil {
		return nil, fmt.Errorf("a client of Google Cloud Storage: %w", err)
	}
	if c.open == nil {
		c.open = map[string]*storage.Client{}
	}
	c.open[key] = client
	return client, nil
}

// emulators are the environment's names for what is asked instead of Google.
var emulators = map[string]string{"http": "STORAGE_EMULATOR_HOST", "grpc": "STORAGE_EMULATOR_HOST_GRPC"}

// newClient makes a client, to which the library itself tells the emulator. It
// sends no measurements of its own: what is observed is the program's choice.
func newClient(ctx context.Context, transport string) (*storage.Client, error) {
	if transport == "grpc" {
		return storage.NewGRPCClient(ctx, storage.WithDisabledClientMetrics())
	}
	return storage.NewClient(ctx, storage.WithJSONReads(), storage.WithDisabledClientMetrics())
}
