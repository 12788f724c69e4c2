package imapx

import "time"

// growAfter is how long a pool stays as small as the server made it, before it
// tries one connection more: limits count the owner's other programs too, which
// come and go.
const growAfter = 3 * time.Minute

// lack is what a pool gave up because the server allows no more.
type lack struct {
	slots int
	since time.Time
}

// regrow takes one slot back when it is time. Should the server refuse the
// connection again, the caller waits for another as before.
func (p *Pool) regrow() {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.lack.slots == 0 || time.Since(p.lack.since) < growAfter {
		return
	}
	p.lack.slots--
	p.lack.since = time.Now()
	p.slots <- struct{}{} // there is room for each that was given up
}

// lose counts slots that are gone. It is called with p.mu held.
func (p *Pool) lose(n int) {
	p.lack.slots += n
	p.lack.since = time.Now()
}
