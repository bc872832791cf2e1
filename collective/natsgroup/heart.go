package natsgroup

import "time"

// heart is the goroutine that calls tick.
type heart struct {
	quit chan struct{}
	done chan struct{}
}

func startHeart(every time.Duration, tick func(now, before time.Time)) *heart {
	h := &heart{make(chan struct{}), make(chan struct{})}
	go func() {
		defer close(h.done)
		t := time.NewTicker(every)
		defer t.Stop()
		for before := time.Now(); ; {
			select {
			case <-h.quit:
				return
			case <-t.C:
				now := time.Now()
				tick(now, before)
				before = now
			}
		}
	}()
	return h
}

func (h *heart) stop() {
	close(h.quit)
	<-h.done
}
