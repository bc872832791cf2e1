//go:build unix

package processes

import (
	"bytes"
	"encoding/json"
	"net"
	"os"
	"os/exec"
	"strconv"
	"sync"
	"testing"
	"time"
)

// patience is far more than any job takes.
const patience = 60 * time.Second

// job is a task that runs.
type job struct {
	t     *testing.T
	ranks []*rankProcess
}

type rankProcess struct {
	cmd      *exec.Cmd
	out, log bytes.Buffer
}

// launch starts the ranks of a job. They are gone when the test ends.
func launch(t *testing.T, n int, what task) *job {
	t.Helper()
	text, err := json.Marshal(what)
	if err != nil {
		t.Fatal(err)
	}
	port := strconv.Itoa(freePort(t))
	j := &job{t: t}
	for rank := range n {
		p := &rankProcess{cmd: exec.Command(os.Args[0])}
		p.cmd.Env = append(
			os.Environ(), taskEnv+"="+string(text), "GODCP_JOB_TOKEN=a token of this test",
			"GORACE=atexit_sleep_ms=0", // each process would wait for a second
			"RANK="+strconv.Itoa(rank), "WORLD_SIZE="+strconv.Itoa(n), "MASTER_ADDR=127.0.0.1", "MASTER_PORT="+port,
		)
		p.cmd.Stdout, p.cmd.Stderr = &p.out, &p.log
		if err := p.cmd.Start(); err != nil {
			t.Error(err)
			break
		}
		j.ranks = append(j.ranks, p)
	}
	return j
}

func (j *job) kill(rank int) {
	_ = j.ranks[rank].cmd.Process.Kill() // it may have ended
}

// wait returns what the ranks say, but for one that fate strikes (-1 for none),
// which is killed when the others have ended.
func (j *job) wait(struck int) map[int]report {
	reports := map[int]report{}
	var mu sync.Mutex
	var wg sync.WaitGroup
	late := time.AfterFunc(2*patience, func() {
		for rank := range j.ranks {
			j.kill(rank)
		}
	})
	defer late.Stop()
	for rank, p := range j.ranks {
		if rank == struck {
			continue
		}
		wg.Go(func() {
			err := p.cmd.Wait()
			var r report
			if jsonErr := json.Unmarshal(p.out.Bytes(), &r); err != nil || jsonErr != nil {
				j.t.Errorf("rank %d: %v, %q, %s", rank, err, p.out.String(), p.log.String())
				return
			}
			mu.Lock()
			defer mu.Unlock()
			reports[rank] = r
		})
	}
	wg.Wait()
	if struck >= 0 && struck < len(j.ranks) {
		j.kill(struck)
		_ = j.ranks[struck].cmd.Wait() // it was killed
	}
	return reports
}

// freePort is one that nobody listens on now.
func freePort(t *testing.T) int {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().(*net.TCPAddr).Port
}
