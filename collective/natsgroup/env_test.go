package natsgroup

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestReadEnv(t *testing.T) {
	torchrun := map[string]string{
		"RANK": "2", "WORLD_SIZE": "4", "MASTER_ADDR": "node0", "MASTER_PORT": "29500",
		"TORCHELASTIC_USE_AGENT_STORE": "True", "TORCHELASTIC_RUN_ID": "run", "GODCP_JOB_TOKEN": token,
	}
	with := func(base map[string]string, more ...string) map[string]string {
		env := map[string]string{}
		for k, v := range base {
			env[k] = v
		}
		for i := 0; i < len(more); i += 2 {
			env[more[i]] = more[i+1]
		}
		return env
	}
	plain := with(torchrun, "TORCHELASTIC_USE_AGENT_STORE", "", "TORCHELASTIC_RUN_ID", "")
	type want struct {
		Place           Place
		Token, Job, URL string
	}
	for _, tt := range []struct {
		name string
		env  map[string]string
		o    Options
		want want
		err  string
	}{
		{"torchrun listens itself", torchrun, Options{}, want{Place{2, 4, "node0", 29501}, token, "run", ""}, ""},
		{"another launcher", plain, Options{}, want{Place{2, 4, "node0", 29500}, token, "", ""}, ""},
		{"Slurm", with(plain, "SLURM_JOB_ID", "77"), Options{}, want{Place{2, 4, "node0", 29500}, token, "77", ""}, ""},
		{"a port of ours", with(torchrun, "GODCP_MASTER_PORT", "1234"), Options{}, want{Place{2, 4, "node0", 1234}, token, "run", ""}, ""},
		{"a job id of ours", with(torchrun, "GODCP_JOB_ID", "x"), Options{}, want{Place{2, 4, "node0", 29501}, token, "x", ""}, ""},
		{"options win", torchrun, Options{Token: "t", Job: "j", URL: "nats://h"}, want{Place{2, 4, "", 0}, "t", "j", "nats://h"}, ""},
		{"a cluster", with(torchrun, "GODCP_NATS_URL", "tls://h", "MASTER_ADDR", ""), Options{}, want{Place{2, 4, "", 0}, token, "run", "tls://h"}, ""},
		{"alone", map[string]string{"RANK": "0", "WORLD_SIZE": "1"}, Options{}, want{Place: Place{0, 1, "", 0}}, ""},
		{"no launcher", nil, Options{}, want{}, "RANK is not set"},
		{"half of it", map[string]string{"RANK": "0"}, Options{}, want{}, "WORLD_SIZE is not set"},
		{"no address", with(plain, "MASTER_ADDR", ""), Options{}, want{}, "MASTER_ADDR is not set"},
		{"no port", with(plain, "MASTER_PORT", ""), Options{}, want{}, "MASTER_PORT is not set"},
		{"no room after the port", with(torchrun, "MASTER_PORT", "65535"), Options{}, want{}, "MASTER_PORT is"},
		{"no number", with(plain, "RANK", "two"), Options{}, want{}, `RANK is "two"`},
		{"negative", with(plain, "WORLD_SIZE", "-4"), Options{}, want{}, `WORLD_SIZE is "-4"`},
		{"no authorities", with(plain, "GODCP_NATS_CA", filepath.Join(t.TempDir(), "ca")), Options{}, want{}, "GODCP_NATS_CA"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			p, o, err := readEnv(func(name string) string { return tt.env[name] }, tt.o)
			if tt.err != "" {
				if err == nil || !strings.Contains(err.Error(), tt.err) || strings.Contains(err.Error(), token) {
					t.Fatalf("got %v, want %s", err, tt.err)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(tt.want, want{p, o.Token, o.Job, o.URL}); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestAuthorities(t *testing.T) {
	file := filepath.Join(t.TempDir(), "ca.pem")
	if err := os.WriteFile(file, []byte("no certificate"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := authorities(file); err == nil || !strings.Contains(err.Error(), "no certificate") {
		t.Errorf("got %v", err)
	}
}

// TestRefusedPlaces: what cannot work, or would let strangers in, is an error at
// once, and shows no secret.
func TestRefusedPlaces(t *testing.T) {
	near, far := Place{0, 2, "127.0.0.1", 4222}, Place{0, 2, "node0", 4222}
	for _, tt := range []struct {
		name string
		p    Place
		o    Options
		err  string
	}{
		{"a rank too many", Place{2, 2, "h", 1}, Options{Token: token}, "rank 2 of 2"},
		{"nowhere", Place{0, 2, "", 0}, Options{Token: token}, "rank 0 at"},
		{"no token, reachable", far, Options{}, "no job token"},
		{"no token, a cluster", near, Options{URL: "nats://127.0.0.1"}, "no job token"},
		{"no URL", near, Options{Token: token, URL: "nats://me:secret@h:x y"}, "the URL of the NATS server is none"},
		{"negative", near, Options{Token: token, Linger: -1}, "negative"},
		{"silent before the second heartbeat", near, Options{Token: token, Silence: 1}, "Silence"},
	} {
		_, err := Join(t.Context(), tt.p, tt.o)
		if err == nil || !strings.Contains(err.Error(), tt.err) {
			t.Errorf("%s: got %v", tt.name, err)
		}
		if text := err.Error(); strings.Contains(text, token) || strings.Contains(text, "secret") {
			t.Errorf("%s: %s", tt.name, text)
		}
	}
	if err := near.check(Options{}); err != nil {
		t.Errorf("no token, this machine only: %v", err)
	}
}

func TestListenHost(t *testing.T) {
	for host, want := range map[string]string{
		"127.0.0.1":    "127.0.0.1",
		"localhost":    "localhost",
		"::1":          "::1",
		"192.0.2.1":    "0.0.0.0", // somebody translates it
		"169.254.0.77": "0.0.0.0",
		"2001:db8::1":  "::",
	} {
		if got := listenHost(t.Context(), host); got != want {
			t.Errorf("%s: %s, want %s", host, got, want)
		}
	}
}
