package servers

import (
	"context"
	"encoding/base64"
	"fmt"
	"net"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/policy"
	"github.com/Azure/azure-sdk-for-go/sdk/storage/azblob/bloberror"
	"github.com/Azure/azure-sdk-for-go/sdk/storage/azblob/container"
)

// Azure is a server that speaks Azure Blob Storage's protocol, with one empty
// container.
type Azure struct {
	Domain       string // 127.0.0.1:port
	Account, Key string
	Container    string
	Server       string // with its version
}

const azuriteVersion = "3.37.0"

// Azurite starts Azurite, which keeps everything in memory.
func Azurite(t testing.TB) *Azure {
	t.Helper()
	script, err := azuriteScript(t.Context())
	Need(t, "azure", err)
	address, err := Address()
	Need(t, "azure", err)
	host, port, err := net.SplitHostPort(address)
	Need(t, "azure", err)
	a := &Azure{
		Domain: address, Account: "e2eaccount", Container: "checkpoints", Server: "Azurite " + azuriteVersion,
		Key: base64.StdEncoding.EncodeToString([]byte("e2e secret secret secret")),
	}
	cmd := exec.Command("node", "--import", withoutCollector(script), script,
		"--blobHost", host, "--blobPort", port, "--inMemoryPersistence", "--silent", "--disableTelemetry", "--skipApiVersionCheck")
	cmd.Env = append(os.Environ(), "AZURITE_ACCOUNTS="+a.Account+":"+a.Key)
	c, err := a.client()
	Need(t, "azure", err)
	Need(t, "azure", Start(t, cmd, func(ctx context.Context) error {
		_, err := c.Create(ctx, nil)
		if bloberror.HasCode(err, bloberror.ContainerAlreadyExists) {
			return nil // the answer to an earlier attempt was lost
		}
		return err
	}))
	return a
}

// withoutCollector is what node imports first, so that Azurite collects no
// garbage: ten minutes after its start, and with no option for it, it removes
// what is no longer referred to, in time that grows with the square of how much
// that is. After the conformance suite it answers nobody for minutes.
func withoutCollector(script string) string {
	constants := url.URL{Scheme: "file", Path: filepath.Join(filepath.Dir(script), "utils", "constants.js")}
	const longest = 1<<31 - 1 // milliseconds that node can wait
	return fmt.Sprintf("data:text/javascript,import c from %q; c.DEFAULT_GC_INTERVAL_MS = %d", constants.String(), longest)
}

// azuriteScript returns what node runs, and installs it if it is not there yet.
func azuriteScript(ctx context.Context) (string, error) {
	cache, err := cacheFolder()
	if err != nil {
		return "", err
	}
	folder := filepath.Join(cache, "azurite-"+azuriteVersion)
	script := filepath.Join(folder, "node_modules", "azurite", "dist", "src", "blob", "main.js")
	if _, err := os.Stat(script); err == nil {
		return script, nil
	}
	if err := os.MkdirAll(cache, 0o755); err != nil {
		return "", err
	}
	fresh, err := os.MkdirTemp(cache, "install-")
	if err != nil {
		return "", err
	}
	defer os.RemoveAll(fresh)
	cmd := exec.CommandContext(ctx, "npm", "install", "--prefix", fresh, "--ignore-scripts", "--no-audit", "--no-fund",
		"azurite@"+azuriteVersion)
	if out, err := cmd.CombinedOutput(); err != nil {
		return "", fmt.Errorf("npm install azurite@%s: %w\n%s", azuriteVersion, err, out)
	}
	if err := os.Rename(fresh, folder); err != nil {
		if _, there := os.Stat(script); there != nil { // else another test was faster
			return "", err
		}
	}
	return script, nil
}

// client is one of the SDK's, which asks once: whoever waits asks again.
func (a *Azure) client() (*container.Client, error) {
	cred, err := container.NewSharedKeyCredential(a.Account, a.Key)
	if err != nil {
		return nil, err
	}
	return container.NewClientWithSharedKeyCredential("http://"+a.Domain+"/"+a.Account+"/"+a.Container, cred, &container.ClientOptions{
		ClientOptions: azcore.ClientOptions{Retry: policy.RetryOptions{MaxRetries: -1}},
	})
}

// Environment makes the test's credentials those of the server, as a user does
// who opens its URLs.
func (a *Azure) Environment(t *testing.T) {
	t.Helper()
	t.Setenv("AZURE_STORAGE_ACCOUNT", a.Account)
	t.Setenv("AZURE_STORAGE_KEY", a.Key)
}

// URL is a place in the container.
func (a *Azure) URL(prefix string) string {
	return "azblob://" + a.Container + "/" + prefix + "?localemu=true&protocol=http&domain=" + a.Domain
}

func cacheFolder() (string, error) {
	if cache := os.Getenv("GODCP_CACHE"); cache != "" {
		return cache, nil
	}
	user, err := os.UserCacheDir()
	return filepath.Join(user, "godcp"), err
}
