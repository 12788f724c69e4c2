package imapx_test

import (
	"bytes"
	"context"
	"crypto/tls"
	"fmt"
	"io"
	"net"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/postern-mail/postern/imapx"
)

// TestOnlyTheMissingIsFetchedAgain: what came whole before a connection was
// lost, or its server fell silent, does not travel twice.
func TestOnlyTheMissingIsFetchedAgain(t *testing.T) {
	answer := func(uid int) string {
		return fmt.Sprintf(`S- * %d FETCH (UID %d FLAGS () BODY[]<0> {5}\r\nwhole)\r\n`, uid, uid) + "\n"
	}
	cut := `S- * 3 FETCH (UID 3 FLAGS () BODY[]<0> {5}\r\nwh` + "\n"
	for name, end := range map[string]string{"lost": cut + "X:", "silent": cut + "W: 60s", "said goodbye": "S: * BYE [UNAVAILABLE] restarting\nX:"} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var b bubble
				b.cert = selfSigned(t)
				p := open(t, b.options(t, imapx.Cleartext,
					inboxed("", "EXAMINE")+"C: UID FETCH 1:4\n"+answer(1)+answer(2)+end,
					inboxed("", "EXAMINE")+"C: UID FETCH 3:4\n"+answer(3)+answer(4)+"S: $ OK\n"))
				f, err := fetchOne(t, p, 1, 2, 3, 4)
				if err != nil || len(f.Messages) != 4 {
					t.Errorf("%+v, %v", f, err)
				}
				for _, m := range f.Messages {
					if string(m.Sections[0]) != "whole" {
						t.Errorf("message %d is %q", m.UID, m.Sections[0])
					}
				}
				p.Close()
				b.wg.Wait()
				for _, fault := range b.fault {
					t.Error(fault)
				}
			})
		})
	}
}

// TestStructureBounded: of a message of any number of parts, however deep, 100
// levels and 1000 parts are shown, and that there are more.
func TestStructureBounded(t *testing.T) {
	const leaf = `("text" "plain" NIL NIL NIL "7bit" 5 1)`
	for name, structure := range map[string]string{
		"1500 levels of parts":     strings.Repeat("(", 1500) + leaf + strings.Repeat(` "mixed")`, 1500),
		"5000 parts beside others": "(" + strings.Repeat(leaf, 5000) + ` "mixed")`,
	} {
		t.Run(name, func(t *testing.T) {
			srv := serve(t, inboxed("", "EXAMINE")+"C: UID FETCH 5\nS: * 1 FETCH (UID 5 BODYSTRUCTURE "+structure+")\nS: $ OK")
			read(t, open(t, srv.options()), "INBOX", func(ctx context.Context, c *imapx.Conn) error {
				f, err := c.Fetch(ctx, []imapx.UID{5}, imapx.Items{Structure: true})
				if err != nil || len(f.Messages) != 1 {
					t.Fatalf("%+v, %v", f, err)
				}
				parts, deepest, truncated := 0, 0, false
				f.Messages[0].Structure.Walk(func(p *imapx.Part) bool {
					parts, deepest, truncated = parts+1, max(deepest, len(p.Path)), truncated || p.Truncated
					return true
				})
				if parts > 1000 || deepest > 100 || !truncated {
					t.Errorf("%d parts, %d levels, truncated is %v", parts, deepest, truncated)
				}
				return nil
			})
		})
	}
}

// TestSlowerThanFiveMinutes: the library allows a literal five minutes in all;
// one that moves is waited for, in both directions.
func TestSlowerThanFiveMinutes(t *testing.T) {
	t.Run("download, a byte a second", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			var b bubble
			b.cert = selfSigned(t)
			p := open(t, b.options(t, imapx.Cleartext, inboxed("", "EXAMINE")+"C: UID FETCH 5\n"+
				`S~ * 1 FETCH (UID 5 FLAGS () BODY[]<0> {400}\r\n`+strings.Repeat("x", 400)+`)\r\n`+"\nS: $ OK"))
			begun := time.Now()
			f, err := fetchOne(t, p, 5)
			if err != nil || len(f.Messages) != 1 || len(f.Messages[0].Sections[0]) != 400 {
				t.Errorf("%+v, %v", f, err)
			}
			if took := time.Since(begun); took < 7*time.Minute {
				t.Errorf("it took %v: nothing was shown", took)
			}
			p.Close()
			b.wg.Wait()
		})
	})
	t.Run("upload, 8 KB every 5 s", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			const size = 1 << 20
			var b bubble
			b.cert = selfSigned(t)
			opts := b.options(t, imapx.Cleartext)
			opts.Dial = func(context.Context, string, string) (net.Conn, error) {
				client, server := net.Pipe()
				b.wg.Go(func() {
					defer server.Close()
					takeSlowly(server, size)
				})
				return client, nil
			}
			p := open(t, opts)
			begun := time.Now()
			write(t, p, "", func(ctx context.Context, c *imapx.Conn) error {
				_, err := c.Append(ctx, "Sent", imapx.AppendOptions{}, bytes.NewReader(make([]byte, size)), size)
				return err
			})
			if took := time.Since(begun); took < 10*time.Minute {
				t.Errorf("it took %v: nothing was shown", took)
			}
			p.Close()
			b.wg.Wait()
		})
	})
}

// takeSlowly lets anybody in and takes one APPEND, 8 KB every five seconds.
func takeSlowly(conn net.Conn, size int64) {
	line := func() (tag, command string) {
		var b []byte
		for len(b) == 0 || b[len(b)-1] != '\n' {
			one := make([]byte, 1)
			if _, err := conn.Read(one); err != nil {
				return "", ""
			}
			b = append(b, one[0])
		}
		tag, command, _ = strings.Cut(string(b), " ")
		return tag, command
	}
	fmt.Fprint(conn, "* PREAUTH [CAPABILITY IMAP4rev1] in\r\n")
	tag, _ := line()
	fmt.Fprint(conn, "+ go on\r\n")
	for left := size; left > 0; left -= 8 << 10 {
		<-time.After(5 * time.Second)
		if _, err := io.CopyN(io.Discard, conn, min(left, 8<<10)); err != nil {
			return
		}
	}
	line()
	fmt.Fprint(conn, tag+" OK stored\r\n")
	line()
}

// TestTLSDroppedInMidLiteral: neither the end of TCP nor an orderly end of TLS
// in the middle of a body makes it look complete, and the call itself heals.
func TestTLSDroppedInMidLiteral(t *testing.T) {
	for name, end := range map[string]func(*tls.Conn, net.Conn){
		"without close_notify": func(_ *tls.Conn, raw net.Conn) { raw.Close() },
		"with close_notify":    func(c *tls.Conn, _ net.Conn) { c.Close() },
		"garbage": func(_ *tls.Conn, raw net.Conn) {
			_, _ = raw.Write([]byte("\x17\x03\x03\x00\x20no record that anybody encrypted"))
			_, _ = io.Copy(io.Discard, raw)
		},
	} {
		for _, times := range []int{1, 100} {
			t.Run(fmt.Sprint(name, ", ", times), func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					var b bubble
					b.cert = selfSigned(t)
					opts := b.options(t, imapx.ImplicitTLS)
					dials := 0
					opts.Dial = func(context.Context, string, string) (net.Conn, error) {
						client, server := net.Pipe()
						dials++
						last := dials > times
						b.wg.Go(func() {
							defer server.Close()
							secured := tls.Server(server, &tls.Config{Certificates: []tls.Certificate{b.cert}})
							if secured.Handshake() != nil {
								return
							}
							answer := "* 1 FETCH (UID 5 FLAGS () BODY[]<0> {10}\r\n01234"
							if last {
								answer += "56789)\r\n"
							}
							if serveOne(secured, answer, last) && !last {
								end(secured, server)
							}
						})
						return client, nil
					}
					p := open(t, opts)
					f, err := fetchOne(t, p, 5)
					if times > 1 {
						wantKind(t, err, imapx.Unavailable)
						if dials > 4 {
							t.Errorf("%d connections", dials)
						}
					} else if err != nil || len(f.Messages) != 1 || string(f.Messages[0].Sections[0]) != "0123456789" {
						t.Errorf("%+v, %v", f, err)
					}
					p.Close()
					b.wg.Wait()
				})
			})
		}
	}
}

// serveOne lets anybody in and answers the first FETCH, with an end if whole.
func serveOne(conn net.Conn, answer string, whole bool) bool {
	fmt.Fprint(conn, "* PREAUTH [CAPABILITY IMAP4rev1] in\r\n")
	buf := make([]byte, 4<<10)
	for {
		n, err := conn.Read(buf)
		if err != nil {
			return false
		}
		tag, command, _ := strings.Cut(string(buf[:n]), " ")
		switch {
		case strings.HasPrefix(command, "EXAMINE"):
			fmt.Fprint(conn, "* 3 EXISTS\r\n* OK [UIDVALIDITY 7] ok\r\n"+tag+" OK open\r\n")
		case strings.HasPrefix(command, "UID FETCH"):
			fmt.Fprint(conn, answer)
			if !whole {
				return true
			}
			fmt.Fprint(conn, tag+" OK done\r\n")
		default:
			fmt.Fprint(conn, tag+" OK\r\n")
		}
	}
}

// TestOtherAccountsGoOn: beside an account whose server has hung, with callers
// that wait for it, another one loses no time at all.
func TestOtherAccountsGoOn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const calls = 100
		var hung, good bubble
		hung.cert, good.cert = selfSigned(t), selfSigned(t)
		slow := open(t, hung.options(t, imapx.Cleartext, inboxed("", "EXAMINE")+"C: UID FETCH 5\n"))
		quick := open(t, good.options(t, imapx.Cleartext, hello("")+strings.Repeat("C: NOOP\nS: $ OK\n", calls)))
		ctx, cancel := context.WithCancel(t.Context())
		waiting := make(chan error, 20)
		for range cap(waiting) {
			go func() {
				waiting <- slow.Read(ctx, "INBOX", func(c *imapx.Conn) error {
					_, err := c.Fetch(ctx, []imapx.UID{5}, body(10))
					return err
				})
			}()
		}
		synctest.Wait()
		begun := time.Now()
		for range calls {
			if err := noop(t, quick); err != nil {
				t.Fatal(err)
			}
		}
		if took := time.Since(begun); took != 0 {
			t.Errorf("%d calls waited %v", calls, took)
		}
		if len(waiting) > 0 {
			t.Errorf("the hung account answered: %v", <-waiting)
		}
		cancel()
		for range cap(waiting) {
			if err := <-waiting; err != context.Canceled { //nolint:errorlint // it has to be bare
				t.Error(err)
			}
		}
		if took := time.Since(begun); took != 0 {
			t.Errorf("cancelling took %v", took)
		}
		slow.Close()
		quick.Close()
		hung.wg.Wait()
		good.wg.Wait()
	})
}

// TestBackOff: a server that is gone is dialled after 100 ms, then ever later,
// up to 5 s, each time at random between half the wait and all of it; a login
// that works ends that.
func TestBackOff(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var b bubble
		b.cert = selfSigned(t)
		opts := b.options(t, imapx.Cleartext)
		var dials []time.Time
		up := false
		opts.Dial = func(context.Context, string, string) (net.Conn, error) {
			dials = append(dials, time.Now())
			client, server := net.Pipe()
			script := "S: * BYE [UNAVAILABLE] back soon\nX:"
			if up {
				script = hello("") + "C: NOOP\nS: $ OK\nX:"
			}
			b.wg.Go(func() {
				defer server.Close()
				b.play(server, script)
			})
			return client, nil
		}
		p := open(t, opts)
		for range 20 {
			wantKind(t, noop(t, p), imapx.Unavailable)
		}
		wait, pauses := 100*time.Millisecond, make(map[time.Duration]bool)
		for i := range len(dials) - 1 {
			pause := dials[i+1].Sub(dials[i])
			if pause < wait/2 || pause > wait {
				t.Errorf("dial %d came after %v, want %v to %v", i+1, pause, wait/2, wait)
			}
			if wait = min(2*wait, 5*time.Second); wait == 5*time.Second {
				pauses[pause] = true
			}
		}
		if len(dials) != 20 || len(pauses) < 5 {
			t.Errorf("%d dials, pauses %v: no jitter", len(dials), pauses)
		}
		up = true
		if err := noop(t, p); err != nil {
			t.Error(err)
		}
		begun := time.Now()
		if err := noop(t, p); err != nil || time.Since(begun) != 0 {
			t.Errorf("%v after %v", err, time.Since(begun))
		}
		p.Close()
		b.wg.Wait()
	})
}

// TestNewestWhileMailComesAndGoes: what is told behind the answer, in place of
// what was listed, is not left out of a page and not listed twice.
func TestNewestWhileMailComesAndGoes(t *testing.T) {
	shown := func(seq, uid int) string {
		return fmt.Sprintf("S: * %d FETCH (UID %d FLAGS () RFC822.SIZE 5)\n", seq, uid)
	}
	again := func(exists int) string {
		return fmt.Sprintf("C: EXAMINE INBOX\nS: * %d EXISTS\nS: * OK [UIDVALIDITY 7] ok\nS: $ OK open\n", exists)
	}
	for _, tt := range []struct {
		name, script string
		want         []imapx.UID
	}{
		{"one more", "S: $ OK\nC: FETCH 2:*\n" + shown(2, 4) + shown(3, 5) + "S: * 4 EXISTS\nS: $ OK\n" +
			again(4) + "C: FETCH 3:*\n" + shown(3, 5) + shown(4, 6) + "S: $ OK", []imapx.UID{6, 5}},
		{"one gone and one more", "S: $ OK\nC: FETCH 2:*\n" + shown(2, 4) + shown(3, 5) + "S: * 3 EXPUNGE\nS: * 3 EXISTS\nS: $ OK\n" +
			again(3) + "C: FETCH 2:*\n" + shown(2, 4) + shown(3, 6) + "S: $ OK", []imapx.UID{6, 4}},
		{"one gone before", "S: * 1 EXPUNGE\nS: $ OK\nC: FETCH 2:*\n" + shown(2, 5) + "S: $ OK\n" +
			again(2) + "C: FETCH 1:*\n" + shown(1, 4) + shown(2, 5) + "S: $ OK", []imapx.UID{5, 4}},
		{"all gone", "S: * 1 EXPUNGE\nS: * 1 EXPUNGE\nS: * 1 EXPUNGE\nS: $ OK\nC: FETCH 2:*\nS: $ BAD no such messages\n" + again(0), []imapx.UID{}},
		{"another in place of the answer", "S: $ OK\nC: FETCH 2:*\n" + shown(2, 4) + "S: * 3 FETCH (FLAGS (\\Seen))\nS: $ OK\n" +
			again(3) + "C: FETCH 2:*\n" + shown(2, 4) + shown(3, 5) + "S: $ OK", []imapx.UID{5, 4}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			p := open(t, serve(t, inboxed("", "EXAMINE")+"C: NOOP\n"+tt.script).options())
			for _, list := range []bool{false, true} { // the connection has been away meanwhile
				read(t, p, "INBOX", func(ctx context.Context, c *imapx.Conn) error {
					if !list {
						return nil
					}
					f, total, err := c.FetchNewest(ctx, 2, imapx.Items{Flags: true, Size: true})
					diff(t, "uids", tt.want, uidsOf(f.Messages))
					if total < len(tt.want) {
						t.Errorf("total %d", total)
					}
					return err
				})
			}
		})
	}
}

// TestLastWords: what a server grumbles untagged before it goes is in the error.
func TestLastWords(t *testing.T) {
	for said, want := range map[string]string{
		"* NO disk is failing": "disk is failing", "* BAD what is this": "what is this", "* OK [ALERT] down from nine on": "[ALERT] down from nine on",
		"* OK [ALERT] down from nine on\nS: * OK still here": "down from nine on", "* BYE the real reason\nS: * NO the rest": "the real reason",
	} {
		t.Run(want, func(t *testing.T) {
			script := inboxed("", "EXAMINE") + "C: UID FETCH 5\nS: " + said + "\nX:"
			_, err := fetchOne(t, open(t, serve(t, script, script, script, script).options()), 5)
			wantKind(t, err, imapx.Unavailable)
			if !strings.Contains(err.Error(), want) {
				t.Errorf("error %q lacks %q", err, want)
			}
		})
	}
}
